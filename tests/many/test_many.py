"""A grid on a user's own module equals training each setting alone."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

import adamrepro
from adamrepro.errors import UserError
from adamrepro.many import Many, train_many
from adamrepro.optim import SGD, AdaGrad, Adam, Muon, Scale
from adamrepro.training import Order
from adamrepro.training.order import MinibatchOrder
from adamrepro.training.streams import stream

GRID = {"alpha": [1e-3, 1e-2], "beta1": [0.0, 0.9], "l2": [0.0, 1e-2]}


def examples(count: int = 70, seed: int = 0) -> tuple[Tensor, Tensor]:
    g = torch.Generator().manual_seed(seed)
    return torch.randn(count, 1, 6, 6, generator=g), torch.randint(0, 3, (count,), generator=g)


def network(dropout: float = 0.0) -> nn.Module:
    torch.manual_seed(1)
    layers = [nn.Conv2d(1, 4, 3), nn.ReLU(), nn.GroupNorm(2, 4), nn.Flatten(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(64, 3))


def error_rate(output: Tensor, y: Tensor) -> Tensor:
    return (output.argmax(-1) != y).float().mean()


def test_equals_torch_one_by_one() -> None:
    x, y = examples()
    curves = train_many(
        network(), F.cross_entropy, Adam, GRID, data=(x, y), epochs=3, batch_size=16
    )
    assert len(curves) == 8 * 4
    for (alpha, beta1, l2), curve in curves.groupby(["alpha", "beta1", "l2"]):
        model = network()
        weights = [p for p in model.parameters() if p.dim() >= 2]
        others = [p for p in model.parameters() if p.dim() < 2]
        groups = [{"params": weights, "weight_decay": l2}, {"params": others}]
        optimizer = torch.optim.Adam(groups, lr=alpha, betas=(beta1, 0.999))
        order = MinibatchOrder(len(y), 16, Order.shuffled, stream(0, "order"))
        for epoch in (1, 2, 3):
            total = 0.0
            for _ in range(order.batches_per_pass):
                idx = order[order.advance()]
                optimizer.zero_grad()
                cost = F.cross_entropy(model(x[idx]), y[idx])
                cost.backward()
                optimizer.step()
                total += float(cost.detach()) * len(idx)
            row = curve[curve["epoch"] == epoch].iloc[0]
            assert row["train_cost"] == pytest.approx(total / len(y), rel=1e-4)
        with torch.no_grad():
            clean = float(F.cross_entropy(model(x), y))
        assert row["train_nll"] == pytest.approx(clean, rel=1e-4)


@pytest.mark.parametrize("optimizer", [Adam, AdaGrad(alpha=0.1), SGD(alpha=0.1, momentum=0.5)])
def test_a_member_is_what_it_is_alone(optimizer: object) -> None:
    """Dropout in it: members share the masks."""
    data, test = examples(), examples(20, seed=1)
    common = {"data": data, "test": test, "epochs": 2, "batch_size": 16, "error": error_rate}
    grid = [3e-3, 3e-2]
    together = train_many(network(0.5), F.cross_entropy, optimizer, {"alpha": grid}, **common)
    for member, alpha in enumerate(grid):
        alone = train_many(network(0.5), F.cross_entropy, optimizer, {"alpha": [alpha]}, **common)
        one = together[together["member"] == member].drop(columns="member").reset_index(drop=True)
        columns = ["train_cost", "train_nll", "test_nll", "test_error"]
        assert one[columns].to_numpy() == pytest.approx(
            alone[columns].to_numpy(), rel=1e-4, nan_ok=True
        )


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this torch has no Muon")
@pytest.mark.parametrize("scale", Scale)
@pytest.mark.parametrize(("inputs", "outputs"), [(6, 2), (2, 6)])
def test_muon_knows_torchs_layers(
    scale: Scale, inputs: int, outputs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They hold [outputs, inputs], this suite's the transpose."""
    monkeypatch.setattr(Tensor, "bfloat16", Tensor.clone)  # torch's iterates in bf16
    x, y = torch.randn(32, inputs), torch.randint(0, outputs, (32,))
    model = nn.Linear(inputs, outputs, bias=False)
    many = Many(model, F.cross_entropy, Muon(alpha=0.1, scale=scale))
    many.train((x, y), epochs=3, batch_size=32)
    theirs = torch.optim.Muon(
        model.parameters(), lr=0.1, weight_decay=0.0, adjust_lr_fn=scale.value
    )
    for _ in range(3):
        theirs.zero_grad()
        F.cross_entropy(model(x), y).backward()
        theirs.step()
    torch.testing.assert_close(many.module(0).weight, model.weight, rtol=1e-4, atol=1e-5)


class Odd(nn.Module):
    """A frozen layer, one that nobody uses, and parameters whose names a model has uses for."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Linear(36, 5).requires_grad_(False)
        self.norm = nn.BatchNorm1d(5).eval()
        self.unused = nn.Linear(2, 2)
        self.cost = nn.Parameter(torch.ones(5, 3))
        self.error = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.features(x.flatten(1))) @ self.cost + self.error


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_trains_what_requires_a_gradient_and_leaves_modes(dtype: torch.dtype) -> None:
    torch.manual_seed(2)
    model, (x, y) = Odd().to(dtype), examples()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    many = Many(model, F.cross_entropy, Adam, {"alpha": [0.1, 0.2]})
    curves = many.train((x.to(dtype), y), epochs=2, batch_size=16)
    assert np.isfinite(curves["train_nll"]).all()
    after = many.module(1).state_dict()
    moved = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert moved == {"cost", "error", "norm.weight", "norm.bias"}
    assert after["cost"].dtype is dtype


@pytest.mark.parametrize("test", [None, examples(20, seed=1)])
def test_batch_norm_without_running_statistics(test: object) -> None:
    norm = nn.BatchNorm1d(36, track_running_stats=False)
    run(nn.Sequential(nn.Flatten(), norm, nn.Linear(36, 3)), test=test)


@pytest.mark.parametrize("kind", [torch.tensor, np.array, np.float32, tuple])
def test_grids_of_any_numbers(kind: Callable[..., Any]) -> None:
    values = [0.001, 0.1]
    grid = [kind(value) for value in values] if kind is np.float32 else kind(values)
    many = Many(network(), F.cross_entropy, Adam, {"alpha": grid})
    assert [rule.alpha for rule in many.rules] == pytest.approx(values, rel=1e-6)
    assert {type(rule.alpha) for rule in many.rules} == {float}
    alone = Many(network(), F.cross_entropy, Adam, {"alpha": torch.tensor(0.125)})
    assert [rule.alpha for rule in alone.rules] == [0.125]


def test_columns_are_there_whoever_diverges() -> None:
    grid = {"alpha": [1e30, 1e31]}
    splits = {"data": examples(), "test": examples(20, seed=1), "epochs": 1, "batch_size": 16}
    curves = train_many(network(), F.cross_entropy, SGD, grid, error=error_rate, **splits)
    costs = ["train_cost", "train_nll", "test_nll", "test_error"]
    assert list(curves.columns) == ["member", "alpha", "epoch", *costs, "diverged"]
    assert curves.groupby("member")["diverged"].any().all()


def test_the_trained_modules_come_back() -> None:
    data = examples()
    many = Many(network(0.5), F.cross_entropy, Adam, {"alpha": [1e-3, 1e30]}, error=error_rate)
    with pytest.raises(UserError, match="none so far"):
        many.module(0)
    before = torch.get_rng_state()
    curves = many.train(data, epochs=2, batch_size=16)
    assert torch.equal(torch.get_rng_state(), before)
    last = curves[(curves["member"] == 0) & (curves["epoch"] == 2)].iloc[0]
    with torch.no_grad():
        cost = float(F.cross_entropy(many.module(0).eval()(data[0]), data[1]))
    assert cost == pytest.approx(last["train_nll"], rel=1e-5)
    assert curves[curves["member"] == 1]["diverged"].tolist() == [False, True]
    with pytest.raises(UserError, match="member 1: not trained to the end"):
        many.module(1)


def test_a_data_set_is_as_good_as_tensors() -> None:
    data = examples()
    one, other = (
        adamrepro.train_many(network(), F.cross_entropy, data=given, epochs=1, batch_size=16)
        for given in (data, TensorDataset(*data))
    )
    assert one.equals(other)
    assert list(one.columns) == ["member", "epoch", "train_cost", "train_nll", "diverged"]


def test_arrays_are_as_good_as_tensors_and_a_number_alone_is_a_grid_of_one() -> None:
    x, y = examples()
    one, other = (
        train_many(network(), F.cross_entropy, grid={"alpha": alpha}, data=data, epochs=1)
        for alpha, data in (([0.01], (x, y)), (0.01, (x.numpy(), y.numpy())))
    )
    assert one.equals(other)


@pytest.mark.parametrize("kind", [np.float64, np.float16, "frame"])
def test_inputs_become_what_the_module_takes(kind: object) -> None:
    x, y = (part.numpy() for part in examples())
    x = x.reshape(len(x), -1)
    given = (pd.DataFrame(x), pd.Series(y)) if kind == "frame" else (x.astype(kind), y)
    with warnings.catch_warnings(action="error"):
        curves = train_many(nn.Linear(x.shape[1], 10), F.cross_entropy, data=given, epochs=1)
    assert np.isfinite(curves["train_nll"]).all()


def test_a_large_cost_is_not_lost() -> None:
    x = torch.randn(40, 1)
    curves = train_many(nn.Linear(1, 1), F.mse_loss, data=(x, 1e4 * (x + 1)), epochs=2)
    assert curves["train_cost"].iloc[1:].gt(1e6).all()
    assert not curves["diverged"].any()
    lost = train_many(
        nn.Linear(1, 1), F.mse_loss, data=(x, 1e4 * (x + 1)), epochs=2, diverged_above=1e6
    )
    assert lost["diverged"].tolist() == [False, True]


def test_whole_numbers_and_targets_of_a_double_module() -> None:
    tokens, y = torch.randint(0, 5, (40, 3)), torch.rand(40, 6)
    model = nn.Sequential(nn.Embedding(5, 2), nn.Flatten(), nn.Sigmoid()).double()
    curves = train_many(model, F.binary_cross_entropy, data=(tokens, y), epochs=1)
    assert np.isfinite(curves["train_nll"]).all()


def run(model: nn.Module | None = None, cost: object = F.cross_entropy, **changes: object) -> None:
    arguments = {"data": examples(), "epochs": 1, "batch_size": 16} | changes
    train_many(model or network(), cost, arguments.pop("optimizer", Adam), **arguments)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            lambda: run(grid={"alhpa": [1.0]}),
            "grid: alhpa is no number of adam; did you mean alpha",
        ),
        (lambda: run(grid={"lr": [1.0]}), "grid: lr is no number of adam; did you mean alpha"),
        (
            lambda: run(data=(examples()[0], examples()[1].float())),
            r"cost: fails on targets of torch.float32, shape \[70\]: ",
        ),
        (lambda: run(grid={"eps_form": ["efficient"]}), "grid: eps_form is no number"),
        (lambda: run(grid={"alpha": []}), "grid: alpha has no values"),
        (lambda: run(grid={"alpha": ["0.1"]}), "grid: alpha has '0.1'; expected numbers"),
        (lambda: run(grid={"alpha": [torch.zeros(2)]}), r"grid: alpha has \[0.0, 0.0\]; expected"),
        (lambda: run(grid={"alpha": "0.1"}), "grid: alpha is '0.1'; expected numbers, as in"),
        (lambda: run(grid={"l2": [-1.0]}), "l2=-1.0: expected a number, 0 or above"),
        (lambda: run(grid={"nesterov": [0.5]}, optimizer=SGD), "nesterov=0.5: expected true or"),
        (lambda: run(optimizer="adam"), "optimizer=adam: expected an update rule .*known: Adam, "),
        (
            lambda: run(optimizer=torch.optim.Adam),
            "torch.optim.adam.Adam.*: expected an update",
        ),
        (lambda: run(epochs=2.5), "training.epochs=2.5: expected a whole number above 0"),
        (lambda: run(batch_size=20.5), "training.batch_size=20.5: expected a whole number"),
        (lambda: run(data=DataLoader([0])), r"data: a DataLoader; expected a pair .x, y. of"),
        (lambda: run(grid=[{"alpha": 0.1}]), r"grid: a list; expected a dict"),
        (lambda: run(schedule="sqrt"), "schedule=sqrt: expected a Schedule of adamrepro.optim"),
        (lambda: run(data=([object()], [0])), "data: .*object_.*; expected tensors or arrays"),
        (lambda: run(nn.Linear(2, 3)), r"model: fails on inputs of shape .*under torch.func"),
        (lambda: run(grid={"alpha": [-1.0]}), r"optimizer\.alpha=-1\.0: expected"),
        (lambda: run(nn.ReLU()), "model: has no parameters to train"),
        (lambda: run(network().requires_grad_(False)), "model: has no parameters to train"),
        (lambda: run(network().half()), "model: 0.weight is torch.float16; expected torch.float32"),
        (lambda: run(nn.Sequential(nn.BatchNorm2d(1))), "model: 0 .BatchNorm2d. keeps running"),
        (lambda: run(cost=lambda out, y: out), "cost: gave a tensor of shape"),
        (lambda: run(data=(examples()[0], examples(9)[1])), "data: 70 inputs and 9 targets"),
        (lambda: run(epochs=0), r"training\.epochs=0"),
    ],
)
def test_mistakes_are_explained(wrong: object, message: str) -> None:
    with pytest.raises(UserError, match=message):
        wrong()
