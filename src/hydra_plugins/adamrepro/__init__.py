"""Hydra plug-ins: which runs an experiment has, and how a batch of runs is trained.

Hydra loads them for --help, too, which need not wait for torch. So what imports it is imported in
`setup`, which Hydra calls when there is something to train, and nowhere else.
"""
