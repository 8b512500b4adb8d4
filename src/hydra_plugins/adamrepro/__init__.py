"""Hydra plug-ins: which runs an experiment has, and how a batch of runs is trained."""
