"""A run trained by an optimizer of somebody else's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from adamrepro.models import Noise
from adamrepro.optim import ExternalSettings, Schedule, set_mode, with_penalty
from adamrepro.training.members import Members, Step
from adamrepro.training.minibatches import Minibatches
from adamrepro.training.streams import stream
from adamrepro.training.task import Task


class External(Members):
    """One member. The optimizer sees its parameters without the member axis.

    Weights are [in, out], biases [out]. A schedule multiplies the lr of every parameter group.
    What the optimizer draws from torch's global generators comes from a stream of the run's own.
    """

    def __init__(
        self,
        task: Task,
        settings: ExternalSettings,
        l2: float,
        schedule: Schedule,
    ) -> None:
        super().__init__(task, [l2])
        self.schedule = schedule
        # without one the lr is left alone: an optimizer may set its own
        self.is_scheduled = schedule != Schedule()
        self.t = 0
        self.theta = [
            torch.nn.Parameter((p.detach().flatten() if axis is None else p.detach()[0]).clone())
            for p, axis in zip(self.parameters, self.outputs, strict=True)
        ]
        self.random = OwnRandom(task.seed, self.l2.device)
        with self.random:
            self.optimizer = settings.build(self.theta)
        self.lr = [group.get("lr") for group in self.optimizer.param_groups]
        set_mode(self.optimizer, "train")

    def step(self, minibatches: Minibatches, noise: Noise, epoch: int) -> Step:
        """Take step t+1 on the next minibatch."""
        self.t += 1
        x, y = minibatches.next()
        cost, objective, gradients = self.gradients(x, y, noise)
        factor = self.schedule.factor(self.t, epoch)
        if self.is_scheduled:
            for group, lr in zip(self.optimizer.param_groups, self.lr, strict=True):
                if lr is not None:
                    group["lr"] = lr * factor
        with torch.no_grad():
            terms = zip(self.theta, gradients, self.parameters, self.penalties, strict=True)
            for theta, g, parameter, l2 in terms:
                theta.grad = with_penalty(g, parameter, l2).view_as(theta)
        with self.random:
            self.optimizer.step()
        self.put(self.theta)
        return Step(cost, objective, examples=len(y))

    @contextmanager
    def evaluated(self) -> Iterator[None]:
        if self.t:
            set_mode(self.optimizer, "eval")
            self.put(self.theta)
        try:
            yield
        finally:
            if self.t:
                set_mode(self.optimizer, "train")
                self.put(self.theta)

    @property
    def optimizer_bytes(self) -> int:
        return sum(tensor.nbytes for tensor in tensors_in(dict(self.optimizer.state)))

    def state_dict(self) -> dict[str, Any]:
        return {
            "members": self.members,
            "t": self.t,
            "theta": [theta.detach() for theta in self.theta],
            "optimizer": self.optimizer.state_dict(),
            "random": self.random.states,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.keep(state["members"])
        self.t = state["t"]
        with torch.no_grad():
            for theta, value in zip(self.theta, state["theta"], strict=True):
                theta.copy_(value)
        self.random.states = state["random"]
        self.optimizer.load_state_dict(state["optimizer"])
        # it casts state to the parameter's dtype, which NAdam's products, for one, did not have;
        # state is numbered in the order of the groups
        grouped = [theta for group in self.optimizer.param_groups for theta in group["params"]]
        for number, theta in enumerate(grouped):
            own = self.optimizer.state[theta]
            for key, value in state["optimizer"]["state"].get(number, {}).items():
                if isinstance(value, torch.Tensor):
                    own[key] = value.to(own[key].device)
        if self.members:
            self.put(self.theta)


class OwnRandom:
    """In a `with`, torch's global generators of the CPU and of a GPU go on from where it ended.

    Afterwards they are as they were.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self.generators = [torch.default_generator]
        if device.type == "cuda" and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            self.generators.append(torch.cuda.default_generators[device.index or 0])
        self.states = [
            stream(seed, "optimizer", generator.device).get_state() for generator in self.generators
        ]
        self.others: list[torch.Tensor] = []

    def __enter__(self) -> None:
        self.others = [generator.get_state() for generator in self.generators]
        self.set(self.states)

    def __exit__(self, *raised: object) -> None:
        self.states = [generator.get_state() for generator in self.generators]
        self.set(self.others)

    def set(self, states: list[torch.Tensor]) -> None:
        for generator, state in zip(self.generators, states, strict=True):
            generator.set_state(state)


def tensors_in(state: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors in an optimizer's state, of whatever containers it is made."""
    if isinstance(state, torch.Tensor):
        yield state
    elif isinstance(state, Mapping):
        for value in state.values():
            yield from tensors_in(value)
    elif isinstance(state, (list, tuple)):
        for value in state:
            yield from tensors_in(value)
