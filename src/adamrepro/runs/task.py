"""The task of a run, from its configuration and its data."""

import torch

from adamrepro.data import DataSet
from adamrepro.runs.config import RunConfig
from adamrepro.training import Task


def task_of(config: RunConfig, data: DataSet, device: torch.device) -> Task:
    """Return what the members of a population like `config` share."""
    return Task(
        model=config.model,
        shape=data.train.shape,
        classes=data.classes,
        seed=config.seed,
        device=device,
        precision=config.training.precision,
    )
