"""`train_many`: a grid of settings of one optimizer, trained as one tensor program."""

import copy
import dataclasses
import itertools
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from adamrepro.errors import UserError, in_a_line, nearest, require
from adamrepro.many.stacked import Cost, ModuleConfig
from adamrepro.optim import RULES, Adam, Rule, Schedule, compiling_pays
from adamrepro.ranges import NOT_NEGATIVE
from adamrepro.training import Loop, MemberCurve, Population, Task, Training

PENALTY = "l2"
"""The one key of a grid that is no hyper-parameter of the rule: lambda of lambda/2 |W|^2."""

Data = tuple[Tensor, Tensor] | Dataset[Any]


@dataclasses.dataclass(frozen=True)
class Examples:
    """A split as the training loop takes it: x [N, ...] and y [N, ...]."""

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.y)

    def cut(self, idx: Tensor, size: int) -> Sequence[Tensor]:
        return torch.split(idx, size)

    def batch(self, idx: Tensor) -> tuple[Tensor, Tensor]:
        return self.x.index_select(0, idx), self.y.index_select(0, idx)

    def to(self, device: torch.device) -> "Examples":
        return Examples(self.x.to(device), self.y.to(device))


class Many:
    """A grid of settings, ready to be trained; `module` gives the trained members back.

    Args:
        model: any nn.Module that torch.func's vmap can run; it is copied, its parameters are where
            all members start. Those that do not require a gradient stay as they are, submodules
            train in the mode they are in.
        cost: maps the model's output and y to the mean cost of a minibatch, as F.cross_entropy.
        optimizer: an update rule of `adamrepro.optim`, or one with settings of its own, as in
            Adam(eps=1e-6).
        grid: values of numeric hyper-parameters, each member a combination; l2 among them is lambda
            of the penalty lambda/2 |W|^2 on parameters of two axes or more. These alone are the
            weights of decoupled decay, and Muon's matrices.
        error: like cost, an error rate.
        device: where to train; that of the model's parameters unless told.
        seed: of minibatches and dropout, which all members share.

    Raises UserError for what cannot be trained, naming it.
    """

    def __init__(
        self,
        model: nn.Module,
        cost: Cost,
        optimizer: type[Rule] | Rule = Adam,
        grid: Mapping[str, Iterable[Any]] | None = None,
        *,
        error: Cost | None = None,
        device: torch.device | str | None = None,
        seed: int = 0,
    ) -> None:
        first = next(model.parameters(), torch.empty(0))
        try:
            self.device = torch.device(device or first.device)
        except RuntimeError:
            raise UserError(f"device={device}: expected cpu, cuda, cuda:1 or mps") from None
        module = copy.deepcopy(model).to(self.device)
        self.config = ModuleConfig(module=module, of_output=cost, error_rate=error)
        self.seed = seed
        rule: Any = rule_of(optimizer)
        self.points = points_of(rule, grid or {})
        self.rules: list[Rule] = [
            dataclasses.replace(rule, **{k: v for k, v in point.items() if k != PENALTY})
            for point in self.points
        ]
        self.population: Population | None = None

    def train(
        self,
        data: Data,
        epochs: int,
        *,
        test: Data | None = None,
        batch_size: int = 128,
        evaluate_every: int = 1,
        schedule: Schedule | None = None,
        diverged_above: float = sys.float_info.max,
    ) -> pd.DataFrame:
        """Train all members from the beginning; return a row per member and epoch.

        Columns: member (its place in the grid), a column per key of the grid, epoch (0 is before
        the first step), train_cost (mean over the pass, dropout in it), train_nll (of all of data,
        dropout off), test_nll where there is test, test_error where there is error too, diverged:
        the mean cost of the pass was above `diverged_above`, or no number; the member ends there.

        data, test: x and y, tensors or arrays of as many rows, or a torch Dataset of such pairs.
        """
        ok = schedule is None or isinstance(schedule, Schedule)
        require(ok, "schedule", schedule, "a Schedule of adamrepro.optim, as Schedule(warmup=100)")
        train = examples(data, "data", self.config.input_dtype)
        held = None if test is None else examples(test, "test", self.config.input_dtype)
        training = Training(
            epochs=epochs,
            batch_size=batch_size,
            evaluate_every=evaluate_every,
            diverged_above=diverged_above,
        )
        task = Task(
            model=self.config,
            shape=train.x.shape[1:],
            classes=0,
            seed=self.seed,
            device=self.device,
            precision=self.config.precision,
        )
        per_member = sum(p.numel() for p in self.config.trained.values())
        steps = epochs * training.steps_per_epoch(len(train))
        compiled = compiling_pays(per_member * len(self.rules), steps)
        penalties = [point.get(PENALTY, 0.0) for point in self.points]
        devices = [self.device.index or 0] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(self.seed)  # a module's dropout draws from torch's global stream
            self.population = Population(
                task, self.rules, penalties, schedule or Schedule(), compiled=compiled
            )
            here = train.to(self.device)
            held_here = held.to(self.device) if held else None
            curves = Loop(self.population, here, held_here, training, self.seed).run()
        return self.table(curves, tested=held is not None)

    def table(self, curves: Sequence[MemberCurve], *, tested: bool) -> pd.DataFrame:
        """Return the curves as a table."""
        rows = [
            {
                "member": member,
                **self.points[member],
                **row,
                "diverged": curve.diverged_epoch == row["epoch"],
            }
            for member, curve in enumerate(curves)
            for row in curve.rows
        ]
        costs = ["train_cost", "train_nll"]
        if tested:
            costs += ["test_nll"] if self.config.error_rate is None else ["test_nll", "test_error"]
        keys = ["member", *self.points[0], "epoch"]
        return pd.DataFrame(rows, columns=[*keys, *costs, "diverged"]).astype({"epoch": int})

    def module(self, member: int) -> nn.Module:
        """Return a copy of the model with a member's trained parameters.

        Raises UserError for a member that diverged, or before training.
        """
        live = self.population.members if self.population else []
        if self.population is None or member not in live:
            raise UserError(
                f"member {member}: not trained to the end; expected one of {live or 'none so far'}"
            )
        result = copy.deepcopy(self.config.module)
        row = live.index(member)
        with torch.no_grad(), self.population.evaluated():
            parameters = dict(result.named_parameters())
            pairs = zip(self.config.trained, self.population.parameters, strict=True)
            for name, values in pairs:
                parameters[name].copy_(values[row])
        return result


def train_many(
    model: nn.Module,
    cost: Cost,
    optimizer: type[Rule] | Rule = Adam,
    grid: Mapping[str, Iterable[Any]] | None = None,
    *,
    data: Data,
    epochs: int,
    test: Data | None = None,
    error: Cost | None = None,
    device: torch.device | str | None = None,
    seed: int = 0,
    **training: Any,
) -> pd.DataFrame:
    """Train a grid of settings as one tensor program; see `Many` and `Many.train`.

    grid = {"alpha": [1e-4, 1e-3], "beta1": [0.0, 0.9]}
    curves = train_many(model, F.cross_entropy, Adam, grid, data=(x, y), epochs=5)
    """
    many = Many(model, cost, optimizer, grid, error=error, device=device, seed=seed)
    return many.train(data, epochs, test=test, **training)


def rule_of(optimizer: object) -> Rule:
    """Return an update rule with its settings; raises UserError for what is none."""
    if isinstance(optimizer, Rule):
        return optimizer
    if isinstance(optimizer, type) and issubclass(optimizer, Rule):
        return optimizer()  # type: ignore[call-arg]
    known = ", ".join(rule.__name__ for rule in RULES.values())
    expected = "an update rule of adamrepro.optim, as Adam or Adam(eps=1e-6)"
    raise UserError(f"optimizer={optimizer}: expected {expected} (known: {known})")


def points_of(rule: Rule, grid: Mapping[str, Iterable[Any]]) -> list[dict[str, float]]:
    """Return every combination of a grid's values; raises UserError for what it cannot have."""
    if not isinstance(grid, Mapping):
        raise UserError(f"grid: a {type(grid).__name__}; expected a dict, as {{'alpha': [1e-3]}}")
    known = [
        f.name
        for f in dataclasses.fields(rule)
        if isinstance(getattr(rule, f.name), (bool, int, float))
    ]
    plain: dict[str, list[float]] = {}
    for key, values in grid.items():
        if key not in (*known, PENALTY):
            meant = nearest("alpha" if key == "lr" else key, [*known, PENALTY])
            raise UserError(f"grid: {key} is no number of {rule.name}; {meant}")
        plain[key] = numbers(values, key)
        if not plain[key]:
            raise UserError(f"grid: {key} has no values; expected at least one")
        if key == PENALTY:
            for value in plain[key]:
                require(value in NOT_NEGATIVE, key, value, NOT_NEGATIVE.text)
    return [dict(zip(plain, values, strict=True)) for values in itertools.product(*plain.values())]


def numbers(values: Iterable[Any], key: str) -> list[float]:
    """Return a grid's values as Python's numbers, whether a list, an array or a tensor holds them.

    A number alone is one value. Raises UserError for what is no number.
    """
    values = as_python(values)
    if isinstance(values, (bool, int, float)):
        values = [values]
    if not isinstance(values, Iterable) or isinstance(values, str):
        raise UserError(f"grid: {key} is {values!r}; expected numbers, as in [1e-3, 1e-2]")
    plain = [as_python(value) for value in values]
    for value in plain:
        if not isinstance(value, (bool, int, float)):
            raise UserError(f"grid: {key} has {value!r}; expected numbers")
    return plain


def as_python(values: Any) -> Any:
    """Return an array's or a tensor's numbers as Python's, anything else as it is."""
    return values.tolist() if hasattr(values, "tolist") else values


def as_tensor(values: Any, name: str) -> Tensor:
    """Return tensors, arrays or DataFrames as tensors; raises UserError for what is none."""
    if isinstance(values, Tensor):
        return values
    try:
        return torch.as_tensor(np.require(values, requirements="W"))
    except (TypeError, ValueError) as error:
        raise UserError(f"{name}: {in_a_line(error)}; expected tensors or arrays") from None


def examples(data: Data, name: str, dtype: torch.dtype) -> Examples:
    """Return a split as tensors, x of `dtype` unless whole; raises UserError for what is none."""
    if isinstance(data, Dataset) and hasattr(data, "__len__"):
        pairs = [data[number] for number in range(len(data))]
        data = (
            torch.stack([torch.as_tensor(x) for x, _ in pairs]),
            torch.stack([torch.as_tensor(y) for _, y in pairs]),
        )
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        expected = (
            "a pair (x, y) of tensors or arrays, or a torch Dataset of such pairs, of known length"
        )
        raise UserError(f"{name}: a {type(data).__name__}; expected {expected}")
    x, y = (as_tensor(part, name) for part in data)
    if len(x) != len(y) or not len(y):
        raise UserError(f"{name}: {len(x)} inputs and {len(y)} targets; expected as many, above 0")
    return Examples(x.to(dtype) if x.is_floating_point() else x, y)
