"""The task that the members of a population share."""

from dataclasses import dataclass

import torch

from adamrepro.models import Model, ModelConfig
from adamrepro.training.settings import Precision
from adamrepro.training.streams import stream


@dataclass(frozen=True, kw_only=True)
class Task:
    """A model for examples of a shape and a number of classes, where and how it is computed.

    seed: of the initial parameters, the same for all members, and of SFO's own choices.
    """

    model: ModelConfig
    shape: torch.Size
    classes: int
    seed: int
    device: torch.device | str = "cpu"
    precision: Precision = Precision.fp32

    def build(self, members: int) -> Model:
        """Return so many copies of the model, with the same initial parameters."""
        model = self.model.build(members, self.shape, self.classes)
        self.model.initialize(model, stream(self.seed, "init"))
        dtype = torch.float64 if self.precision is Precision.fp64 else torch.float32
        return model.to(self.device, dtype)
