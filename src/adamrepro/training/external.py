"""A run trained by an optimizer of somebody else's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from adamrepro.models import Noise
from adamrepro.optim import ExternalSettings, Schedule, set_mode, with_penalty
from adamrepro.training.members import Members, Step
from adamrepro.training.minibatches import Minibatches
from adamrepro.training.task import Task


class External(Members):
    """One member. The optimizer sees its parameters without the member axis, [in, out] and so on.

    A schedule multiplies the lr of every parameter group.
    """

    def __init__(
        self, task: Task, settings: ExternalSettings, l2: float, schedule: Schedule
    ) -> None:
        super().__init__(task, [l2])
        self.schedule = schedule
        # without one the lr is left alone: an optimizer may set its own
        self.is_scheduled = schedule != Schedule()
        self.t = 0
        self.theta = [torch.nn.Parameter(p.detach()[0].clone()) for p in self.parameters]
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
                theta.grad = with_penalty(g, parameter, l2)[0]
        self.optimizer.step()
        self.put(self.theta)
        return Step(cost, objective, examples=len(y))

    @contextmanager
    def evaluated(self) -> Iterator[None]:
        if self.t:
            set_mode(self.optimizer, "eval")
            self.put(self.theta)
        yield
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
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.keep(state["members"])
        self.t = state["t"]
        with torch.no_grad():
            for theta, value in zip(self.theta, state["theta"], strict=True):
                theta.copy_(value)
        self.optimizer.load_state_dict(state["optimizer"])
        # it casts state to the parameter's dtype, which NAdam's products, for one, did not have
        for number, theta in enumerate(self.theta):
            own = self.optimizer.state[theta]
            for key, value in state["optimizer"]["state"].get(number, {}).items():
                if isinstance(value, torch.Tensor):
                    own[key] = value.to(own[key].device)
        if self.members:
            self.put(self.theta)


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
