"""Hydra plug-ins: what an experiment's sweeps are, and how a batch of jobs is run."""
