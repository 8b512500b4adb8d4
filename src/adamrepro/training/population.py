"""A population: R runs of one task, rule and seed, trained as one tensor program."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from adamrepro.models import Model, ModelConfig, Noise
from adamrepro.optim import Rule, Schedule, make_update, stack, widest, zero_state
from adamrepro.optim.averaging import accumulate, corrected
from adamrepro.optim.rule import Hyper
from adamrepro.training.settings import Precision
from adamrepro.training.streams import stream


class Population:
    """R members that share initial parameters, minibatches and noise, and differ in numbers.

    Args:
        model_config: the model, the same for all members.
        rules: one update rule per member, of one structure (`optim.structure`).
        l2: lambda of each member's penalty lambda/2 |W|^2.
        schedule: step size schedule, the same for all members.
        shape, classes: of the data set's examples.
        seed: seed of the initial parameters.

    `members` holds the numbers (positions in `rules`) of those still trained: parameters, state
    and hyper-parameters have one row for each.
    """

    def __init__(
        self,
        model_config: ModelConfig,
        rules: Sequence[Rule],
        l2: Sequence[float],
        schedule: Schedule,
        *,
        shape: torch.Size,
        classes: int,
        seed: int,
        device: torch.device | str = "cpu",
        precision: Precision = Precision.fp32,
        compiled: bool = False,
    ) -> None:
        self.members = list(range(len(rules)))
        self.schedule = schedule
        self.precision = precision
        self.model: Model = model_config.build(len(rules), shape, classes)
        model_config.initialize(self.model, stream(seed, "init"))
        self.model.to(device, torch.float64 if precision is Precision.fp64 else torch.float32)
        self.parameters = list(self.model.parameters())
        names = [name for name, _ in self.model.named_parameters()]
        # lambda acts on weight matrices and kernels, not on biases
        self.is_penalized = [any(l2) and name.endswith("weight") for name in names]
        self.rule = type(rules[0])
        self.hyper = stack(list(rules), device)
        self.l2 = torch.tensor(l2, dtype=widest(device), device=device)
        self.states = [zero_state(self.rule, p.detach()) for p in self.parameters]
        self.averages: list[Tensor] = []
        if any(rule.averaging for rule in rules):
            self.averages = [torch.zeros_like(p) for p in self.parameters]
        self.t = 0
        self.update = make_update(self.rule, compiled=compiled)

    def step(self, x: Any, y: Tensor, noise: Noise, epoch: int) -> tuple[Tensor, Tensor]:
        """Take step t+1 on one minibatch; return cost and cost + penalty, float64 [R] each."""
        self.t += 1
        with self.autocast():
            cost = self.model.cost(x, y, noise)
        gradients = torch.autograd.grad(cost.sum(), self.parameters)
        hyper = Hyper(**vars(self.hyper))
        hyper.alpha = self.hyper.alpha * self.schedule.factor(self.t, epoch)
        penalties = [self.l2 if penalized else None for penalized in self.is_penalized]
        with torch.no_grad():
            cost = cost.to(self.l2.dtype)
            objective = cost + self.penalty()
            coefficients = self.rule.coefficients(hyper, self.t)
            self.update(self.parameters, gradients, self.states, penalties, coefficients)
            for average, theta in zip(self.averages, self.parameters, strict=False):
                accumulate(average, theta, self.hyper.averaging)
        return cost, objective

    def penalty(self) -> Tensor:
        """Return lambda/2 |W|^2 per member: float64 [R]."""
        total = torch.zeros_like(self.l2)
        for weight, penalized in zip(self.parameters, self.is_penalized, strict=True):
            if penalized:
                total += torch.linalg.vector_norm(weight.flatten(1), dim=1) ** 2
        return 0.5 * self.l2 * total

    @torch.no_grad()
    def evaluate(self, split: Any, seed: int, chunk: int = 1000) -> tuple[Tensor, Tensor | None]:
        """Return clean cost [R] and error rate [R] (or None) over a whole split, noise off.

        A cost that is an expectation over noise (the variational bound) draws it from a stream
        that starts anew at every call.
        """
        device = self.parameters[0].device
        noise = Noise(stream(seed, "evaluation", device), dropout=False)
        cost = torch.zeros_like(self.l2)
        wrong = torch.zeros_like(cost)
        with self.averaged(), self.autocast():
            for indices in torch.split(torch.arange(len(split), device=device), chunk):
                x, y = self.examples(split, indices)
                chunk_cost, chunk_error = self.model.error(x, y, noise)
                cost += chunk_cost * len(indices)
                if chunk_error is not None:
                    wrong += chunk_error * len(indices)
        return cost / len(split), None if chunk_error is None else wrong / len(split)

    def examples(self, split: Any, indices: Tensor) -> tuple[Any, Tensor]:
        """Return a minibatch in the population's arithmetic."""
        x, y = split.batch(indices)
        if self.precision is Precision.fp64 and isinstance(x, Tensor):
            x = x.double()
        return x, y

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Put the averaged parameters of section 7.2 in place of theta."""
        if not self.averages or self.t == 0:
            yield
            return
        theta = [p.detach().clone() for p in self.parameters]
        for parameter, average in zip(self.parameters, self.averages, strict=True):
            parameter.copy_(corrected(average, self.hyper.averaging, self.t))
        yield
        for parameter, value in zip(self.parameters, theta, strict=True):
            parameter.copy_(value)

    def autocast(self) -> torch.autocast:
        return torch.autocast(
            self.parameters[0].device.type,
            torch.bfloat16,
            enabled=self.precision is Precision.bf16,
        )

    def keep(self, rows: Sequence[int]) -> None:
        """Drop all members but those in `rows` (rows of the present population)."""
        index = torch.tensor(rows, dtype=torch.int64, device=self.l2.device)
        self.members = [self.members[row] for row in rows]
        for parameter in self.parameters:
            parameter.data = parameter.data.index_select(0, index)
        self.states = [
            type(state)(*(tensor.index_select(0, index) for tensor in state))
            for state in self.states
        ]
        self.averages = [average.index_select(0, index) for average in self.averages]
        self.l2 = self.l2.index_select(0, index)
        for key, value in vars(self.hyper).items():
            if isinstance(value, Tensor):
                setattr(self.hyper, key, value.index_select(0, index))

    def state_dict(self) -> dict[str, Any]:
        """Everything that training changes, as plain containers of tensors and numbers."""
        return {
            "members": self.members,
            "t": self.t,
            "parameters": [p.detach() for p in self.parameters],
            "states": [list(state) for state in self.states],
            "averages": self.averages,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave, in a population built from the same arguments."""
        self.keep(state["members"])
        self.t = state["t"]
        with torch.no_grad():
            pairs = zip(self.parameters, state["parameters"], strict=True)
            for parameter, value in pairs:
                parameter.copy_(value)
            for own, saved in zip(self.states, state["states"], strict=True):
                for tensor, value in zip(own, saved, strict=True):
                    tensor.copy_(value)
            for average, value in zip(self.averages, state["averages"], strict=True):
                average.copy_(value)
