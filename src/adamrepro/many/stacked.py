"""R copies of a user's module as one model of this suite: torch.func's vmap over the parameters."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn.modules.batchnorm import _NormBase

from adamrepro.errors import UserError
from adamrepro.models import Model, ModelConfig, Noise

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
        if not any(True for _ in self.module.parameters()):
            raise UserError("model: has no parameters; expected an nn.Module to train")
        for name, layer in self.module.named_modules():
            if isinstance(layer, _NormBase) and layer.track_running_stats:
                raise UserError(
                    f"model: {name or 'it'} ({type(layer).__name__}) keeps running statistics, "
                    "which members cannot share; use track_running_stats=False or GroupNorm"
                )

    def build(self, members: int, shape: torch.Size, classes: int) -> "Stacked":
        return Stacked(self, members)

    def initialize(self, model: nn.Module, generator: torch.Generator) -> None:
        """Leave the parameters as they came with the module: all members start there."""


class Stacked(Model):
    """Parameters [R, ...], named as the module's with / for the dots; buffers are shared."""

    def __init__(self, config: ModuleConfig, members: int) -> None:
        super().__init__()
        self.cost_of, self.error_of = config.of_output, config.error_rate
        self.names = [name for name, _ in config.module.named_parameters()]
        # kept out of the submodules, whose parameters are trained: these two only have the code
        self.modes = [copy.deepcopy(config.module).train(), copy.deepcopy(config.module).eval()]
        for name, parameter in config.module.named_parameters():
            stacked = parameter.detach().unsqueeze(0).repeat(members, *[1] * parameter.dim())
            self.register_parameter(name.replace(".", "/"), nn.Parameter(stacked))

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

        values: dict[str, Tensor] = dict(zip(self.names, self.parameters(), strict=True))
        found: Tensor = vmap(one, randomness="same")(values)
        if found.dim() != 1:
            raise UserError(
                f"cost: gave a tensor of shape {[*found.shape[1:]]} for a minibatch; "
                "expected one number, its mean"
            )
        return found
