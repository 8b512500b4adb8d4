"""The average of section 7.2 over the parameters of a module or an optimizer."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from adamrepro.optim import widest
from adamrepro.optim.averaging import accumulate, corrected
from adamrepro.torch_optim.optimizer import WIDE


class AveragedParameters:
    """thetabar_t = decay thetabar_{t-1} + (1 - decay) theta_t, over 1 - decay^t when used.

        average = AveragedParameters(model, decay=0.999)     # beta2 of the paper
        optimizer.step(); average.update()                   # after every step
        with average.swapped():                              # theta is the average in here
            evaluate(model)

    Parameters alone are averaged, no buffers, and of them those that can be trained: floating and
    complex ones. Averages of narrow parameters (bf16) are fp32.
    """

    def __init__(
        self, parameters: nn.Module | Optimizer | Iterable[Tensor], decay: float = 0.999
    ) -> None:
        """Start at thetabar_0 = 0; ValueError unless 0 <= decay < 1."""
        if not 0 <= decay < 1:
            raise ValueError(f"decay={decay}: expected a number in [0, 1)")
        self.decay = decay
        self.t = 0
        self.parameters = parameters_of(parameters)
        self.averages = [torch.zeros_like(p, dtype=WIDE.get(p.dtype)) for p in self.parameters]
        self.inside = False

    @torch.no_grad()
    def update(self) -> None:
        """Take the parameters of now into the average."""
        if self.inside:
            raise RuntimeError("update() inside swapped(): the parameters are the average itself")
        self.t += 1
        for p, average in zip(self.parameters, self.averages, strict=True):
            accumulate(member(average), member(p).to(member(average).dtype), self.rate(p.device))

    @contextmanager
    def swapped(self) -> Iterator[None]:
        """Put the corrected average in place of the parameters; give them back at the end.

        Before the first update there is no average, and the parameters stay what they are.
        """
        if self.inside:
            raise RuntimeError("swapped() inside swapped(): the average is already in place")
        kept = [p.detach().clone() for p in self.parameters]
        self.inside = True
        try:
            self.copy_to(self.parameters)
            versions = [p._version for p in self.parameters]
            yield
            if versions != [p._version for p in self.parameters]:
                raise RuntimeError("parameters changed inside swapped(): the change is lost")
        finally:
            self.inside = False
            with torch.no_grad():
                for p, value in zip(self.parameters, kept, strict=True):
                    p.copy_(value)

    @torch.no_grad()
    def copy_to(self, parameters: nn.Module | Optimizer | Iterable[Tensor]) -> None:
        """Write the corrected average into other parameters.

        ValueError where their shapes are others, before anything is written.
        """
        found = parameters_of(parameters)
        self.compare(found)
        if self.t == 0:
            return
        for p, average in zip(found, self.averages, strict=True):
            rate = self.rate(average.device)
            member(p).copy_(corrected(member(average), rate, self.t))

    def rate(self, device: torch.device) -> Tensor:
        """Return the decay of a population of one: float64 [1]."""
        return torch.tensor([self.decay], dtype=widest(device), device=device)

    def state_dict(self) -> dict[str, Any]:
        """Return decay, t and the uncorrected averages."""
        return {"decay": self.decay, "t": self.t, "averages": self.averages}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state_dict; ValueError where its shapes are others."""
        self.compare(state_dict["averages"])
        self.decay, self.t = state_dict["decay"], state_dict["t"]
        for average, value in zip(self.averages, state_dict["averages"], strict=True):
            average.copy_(value)

    def compare(self, tensors: Sequence[Tensor]) -> None:
        """Raise ValueError for tensors that are not of the averages' shapes."""
        theirs, ours = ([tuple(t.shape) for t in each] for each in (tensors, self.averages))
        if theirs != ours:
            raise ValueError(f"tensors of shapes {theirs}: expected {ours}")


def parameters_of(source: nn.Module | Optimizer | Iterable[Tensor]) -> list[Tensor]:
    """Return those of the parameters that can be trained."""
    if isinstance(source, nn.Module):
        source = source.parameters()
    elif isinstance(source, Optimizer):
        source = [p for group in source.param_groups for p in group["params"]]
    return [p for p in source if p.is_floating_point() or p.is_complex()]


def member(tensor: Tensor) -> Tensor:
    """View a tensor as a population of one, [1, ...], real."""
    return (torch.view_as_real(tensor) if tensor.is_complex() else tensor)[None]
