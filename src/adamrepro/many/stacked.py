"""R copies of a user's module as one model of this suite: torch.func's vmap over the parameters."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn.modules.batchnorm import _NormBase

from adamrepro.errors import UserError, in_a_line
from adamrepro.models import Model, ModelConfig, Noise
from adamrepro.training import Precision

Cost = Callable[[Any, Tensor], Tensor]
"""Maps the module's output and y to a number: the mean over the minibatch."""


@dataclass(kw_only=True)
class ModuleConfig(ModelConfig):
    """A user's module, its cost, and an error rate where there is one."""

    name: str = "module"
    module: nn.Module
    of_output: Cost
    error_rate: Cost | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.trained:
            raise UserError("model: has no parameters to train; expected some that require_grad")
        for name, parameter in self.trained.items():
            if parameter.dtype not in (torch.float32, torch.float64):
                raise UserError(
                    f"model: {name} is {parameter.dtype}; expected torch.float32 or torch.float64"
                )
        for name, layer in self.module.named_modules():
            if isinstance(layer, _NormBase) and layer.track_running_stats and layer.training:
                raise UserError(
                    f"model: {name or 'it'} ({type(layer).__name__}) keeps running statistics, "
                    "which members cannot share; use track_running_stats=False or GroupNorm, "
                    "or put it into eval mode"
                )

    @property
    def trained(self) -> dict[str, nn.Parameter]:
        """The parameters that require a gradient, by name."""
        return {name: p for name, p in self.module.named_parameters() if p.requires_grad}

    @property
    def precision(self) -> Precision:
        """The arithmetic of the parameters, which the widest of them decides."""
        is_double = any(p.dtype is torch.float64 for p in self.trained.values())
        return Precision.fp64 if is_double else Precision.fp32

    @property
    def input_dtype(self) -> torch.dtype:
        """What the module takes: the dtype of its first parameter that is no whole number."""
        return next(p.dtype for p in self.module.parameters() if p.is_floating_point())

    def build(self, members: int, shape: torch.Size, classes: int) -> "Stacked":
        return Stacked(self, members)

    def initialize(self, model: nn.Module, generator: torch.Generator) -> None:
        """Leave the parameters as they came with the module: all members start there."""


class Stacked(Model):
    """The trained parameters as [R, ...] each; frozen ones and buffers are shared."""

    def __init__(self, config: ModuleConfig, members: int) -> None:
        super().__init__()
        self.cost_of, self.error_of = config.of_output, config.error_rate
        self.names = list(config.trained)
        # kept out of the submodules, whose parameters are trained: these two only have the code
        self.modes = [copy.deepcopy(config.module), copy.deepcopy(config.module).eval()]
        self.stacked = nn.ParameterList(
            p.detach().unsqueeze(0).repeat(members, *[1] * p.dim()) for p in config.trained.values()
        )

    def check(self, x: Any) -> None:
        """Raise UserError where the module cannot take x, or vmap cannot run the module."""

        def one(parameters: dict[str, Tensor]) -> Any:
            return functional_call(self.modes[1], parameters, (x[:2],))

        try:
            vmap(one, randomness="same")(dict(zip(self.names, self.stacked, strict=True)))
        except RuntimeError as error:
            what = f"fails on inputs of shape {[*x.shape[1:]]} under torch.func's vmap"
            raise UserError(f"model: {what}: {in_a_line(error)}") from error

    def outputs(self) -> list[int | None]:
        """What has two axes or more is a weight: torch's layers hold [outputs, inputs, ...]."""
        return [1 if p.dim() >= 3 else None for p in self.stacked]

    def cost(self, x: Any, y: Tensor, noise: Noise) -> Tensor:
        """Return the mean cost per member, [R]; dropout is the same for all of them."""
        return self.per_member(self.cost_of, self.modes[0 if noise.dropout else 1], x, y)

    def error(self, x: Any, y: Tensor, noise: Noise) -> tuple[Tensor, Tensor | None]:
        cost = self.cost(x, y, noise)
        if self.error_of is None:
            return cost, None
        return cost, self.per_member(self.error_of, self.modes[1], x, y)

    def per_member(self, of_output: Cost, module: nn.Module, x: Any, y: Tensor) -> Tensor:
        """Return a function of the module's output for each member's parameters, [R]."""

        def one(parameters: dict[str, Tensor]) -> Tensor:
            return of_output(functional_call(module, parameters, (x,)), y)

        values: dict[str, Tensor] = dict(zip(self.names, self.stacked, strict=True))
        try:
            found: Tensor = vmap(one, randomness="same")(values)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:  # the module itself was tried before
            what = f"fails on targets of {y.dtype}, shape {[*y.shape]}"
            raise UserError(f"cost: {what}: {in_a_line(error)}") from error
        if found.dim() != 1:
            raise UserError(
                f"cost: gave a tensor of shape {[*found.shape[1:]]} for a minibatch; "
                "expected one number, its mean"
            )
        return found
