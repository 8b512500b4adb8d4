"""What the loop trains: members with parameters, a cost, and a way to take a step."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor

from adamrepro.models import Noise
from adamrepro.optim import widest
from adamrepro.training.minibatches import Minibatches, Split
from adamrepro.training.settings import Precision
from adamrepro.training.streams import stream
from adamrepro.training.task import Task


class Step(NamedTuple):
    """What a step saw of its minibatch."""

    cost: Tensor
    """Mean cost per member, float64 [R]."""
    objective: Tensor
    """Cost + penalty, float64 [R]."""
    examples: int
    evaluations: int = 1
    """How often cost and gradient were computed."""


class Gradients(NamedTuple):
    """What the members' cost on a minibatch is, and its gradient."""

    cost: Tensor
    """Mean per member, float64 [R]."""
    objective: Tensor
    """Cost + penalty, float64 [R]."""
    of_cost: tuple[Tensor, ...]
    """A gradient [R, ...] for each parameter, without the penalty's."""


class Members:
    """R copies of a model with the same initial parameters. Subclasses say how they are trained.

    l2: lambda of each member's penalty lambda/2 |W|^2.
    """

    CHUNK = 1000
    """Examples whose clean costs are taken at once."""

    def __init__(self, task: Task, l2: Sequence[float]) -> None:
        self.members = list(range(len(l2)))
        self.precision = task.precision
        self.model = task.build(len(l2))
        self.parameters = list(self.model.parameters())
        self.outputs = self.model.outputs()
        # lambda acts on weight matrices and kernels, not on biases
        self.is_penalized = [any(l2) and axis is not None for axis in self.outputs]
        self.l2 = torch.tensor(l2, dtype=widest(task.device), device=task.device)

    def step(self, minibatches: Minibatches, noise: Noise, epoch: int) -> Step:
        """Take a step on a minibatch; epoch 1 is the first pass."""
        raise NotImplementedError

    @property
    def optimizer_bytes(self) -> int:
        """Memory that the optimizer holds for a member, beside parameters and gradients."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """Everything that training changes, as plain containers of tensors and numbers."""
        raise NotImplementedError

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave, in an object built from the same arguments."""
        raise NotImplementedError

    @property
    def penalties(self) -> list[Tensor | None]:
        """Each parameter's lambda [R], None where it has no penalty."""
        return [self.l2 if penalized else None for penalized in self.is_penalized]

    def penalty(self) -> Tensor:
        """Return lambda/2 |W|^2 per member: float64 [R]."""
        total = torch.zeros_like(self.l2)
        for weight, penalized in zip(self.parameters, self.is_penalized, strict=True):
            if penalized:
                total += torch.linalg.vector_norm(weight.flatten(1), dim=1) ** 2
        return 0.5 * self.l2 * total

    @torch.no_grad()
    def evaluate(
        self, split: Split, seed: int, *, check: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Return clean cost [R] and error rate [R] (or None) over a whole split, noise off.

        check: let the model look at the examples first; raises UserError for what it cannot take.

        A cost that is an expectation over noise (the variational bound) draws it from a stream
        that starts anew at every call.
        """
        device = self.parameters[0].device
        noise = Noise(stream(seed, "evaluation", device), dropout=False)
        cost = torch.zeros_like(self.l2)
        wrong = torch.zeros_like(cost)
        with self.evaluated(), self.autocast():
            for piece in split.cut(torch.arange(len(split), device=device), self.CHUNK):
                x, y = self.examples(*split.batch(piece))
                if check:
                    self.model.check(x)
                chunk_cost, chunk_error = self.model.error(x, y, noise)
                cost += chunk_cost * len(y)
                if chunk_error is not None:
                    wrong += chunk_error * len(y)
        return cost / len(split), None if chunk_error is None else wrong / len(split)

    def gradients(self, x: Any, y: Tensor, noise: Noise) -> Gradients:
        """Compute cost and gradients on a minibatch."""
        x, y = self.examples(x, y)
        with self.autocast():
            cost = self.model.cost(x, y, noise)
        of_cost = torch.autograd.grad(cost.sum(), self.parameters, materialize_grads=True)
        with torch.no_grad():
            cost = cost.detach().to(self.l2.dtype)
            return Gradients(cost, cost + self.penalty(), of_cost)

    def examples(self, x: Any, y: Tensor) -> tuple[Any, Tensor]:
        """Return a minibatch in the members' arithmetic; whole numbers stay what they are."""
        if self.precision is not Precision.fp64:
            return x, y
        return widened(x), widened(y)

    @torch.no_grad()
    def put(self, theta: Iterable[Tensor]) -> None:
        """Make theta the parameters of a single member."""
        for parameter, value in zip(self.parameters, theta, strict=True):
            parameter.copy_(value.view_as(parameter))

    @contextmanager
    def evaluated(self) -> Iterator[None]:
        """Hold the parameters that are evaluated in `parameters`."""
        yield

    def autocast(self) -> AbstractContextManager[None]:
        if self.precision is not Precision.bf16:
            return nullcontext()
        return torch.autocast(self.parameters[0].device.type, torch.bfloat16)

    def keep(self, rows: Sequence[int]) -> None:
        """Drop all members but those in `rows` (rows of the present ones)."""
        index = torch.tensor(rows, dtype=torch.int64, device=self.l2.device)
        self.members = [self.members[row] for row in rows]
        for parameter in self.parameters:
            parameter.data = parameter.data.index_select(0, index)
        self.l2 = self.l2.index_select(0, index)


def widened(values: Any) -> Any:
    """Return a floating tensor in float64; anything else as it is."""
    is_floating = isinstance(values, Tensor) and values.is_floating_point()
    return values.double() if is_floating else values
