"""A population: R runs of one task, rule and seed, trained as one tensor program."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from adamrepro.models import Noise
from adamrepro.optim import Rule, Schedule, make_update, scheduled, stack, zero_state
from adamrepro.optim.averaging import accumulate, corrected
from adamrepro.training.members import Members, Step
from adamrepro.training.minibatches import Minibatches
from adamrepro.training.task import Task


class Population(Members):
    """R members that share initial parameters, minibatches and noise, and differ in numbers.

    Args:
        task: the same for all members, as is the step size schedule.
        rules: one update rule per member, of one structure (`optim.structure`).
        l2: lambda of each member's penalty lambda/2 |W|^2.

    `members` holds the numbers (positions in `rules`) of those still trained: parameters, state
    and hyper-parameters have one row for each.
    """

    def __init__(
        self,
        task: Task,
        rules: Sequence[Rule],
        l2: Sequence[float],
        schedule: Schedule,
        *,
        compiled: bool = False,
    ) -> None:
        super().__init__(task, l2)
        self.schedule = schedule
        self.rule = type(rules[0])
        self.hyper = stack(list(rules), task.device)
        self.states = [
            zero_state(self.rule, p.detach(), axis)
            for p, axis in zip(self.parameters, self.outputs, strict=True)
        ]
        self.averages: list[Tensor] = []
        if any(rule.averaging for rule in rules):
            self.averages = [torch.zeros_like(p) for p in self.parameters]
        self.t = 0
        self.update = make_update(self.rule, compiled=compiled)

    def step(self, minibatches: Minibatches, noise: Noise, epoch: int) -> Step:
        """Take step t+1 on the next minibatch."""
        self.t += 1
        x, y = minibatches.next()
        cost, objective, gradients = self.gradients(x, y, noise)
        hyper = scheduled(self.rule, self.hyper, self.schedule.factor(self.t, epoch))
        with torch.no_grad():
            coefficients = self.rule.coefficients(hyper, self.t)
            self.update(
                self.parameters,
                gradients,
                self.states,
                self.penalties,
                coefficients,
                self.outputs,
            )
            if self.averages:
                for average, place in zip(self.averages, self.places(), strict=True):
                    accumulate(average, place, self.hyper.averaging)
        return Step(cost, objective, examples=len(y))

    def places(self) -> list[Tensor]:
        """Where the rule evaluates costs: theta itself, for most rules."""
        pairs = zip(self.parameters, self.states, strict=True)
        return [self.rule.place(theta.detach(), state, self.hyper) for theta, state in pairs]

    @contextmanager
    def evaluated(self) -> Iterator[None]:
        """Put the rule's places, or their averages of section 7.2, where theta is."""
        if self.rule.place is Rule.place and not self.averages:
            yield
            return
        places = self.places()
        if self.averages and self.t:
            places = [corrected(each, self.hyper.averaging, self.t) for each in self.averages]
        theta = [p.detach().clone() for p in self.parameters]
        for parameter, value in zip(self.parameters, places, strict=True):
            parameter.copy_(value)
        try:
            yield
        finally:
            for parameter, value in zip(self.parameters, theta, strict=True):
                parameter.copy_(value)

    def keep(self, rows: Sequence[int]) -> None:
        """Drop all members but those in `rows` (rows of the present population)."""
        super().keep(rows)
        index = torch.tensor(rows, dtype=torch.int64, device=self.l2.device)
        self.states = [
            type(state)(*(tensor.index_select(0, index) for tensor in state))
            for state in self.states
        ]
        self.averages = [average.index_select(0, index) for average in self.averages]
        for key, value in vars(self.hyper).items():
            if isinstance(value, Tensor):
                setattr(self.hyper, key, value.index_select(0, index))

    @property
    def optimizer_bytes(self) -> int:
        tensors = [tensor for state in self.states for tensor in state] + self.averages
        return sum(tensor.shape[1:].numel() * tensor.element_size() for tensor in tensors)

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
