"""The same training on a CUDA device, for machines that have one."""

import dataclasses
import json
from functools import partial
from pathlib import Path

import pytest
import torch
from digits import digits, rows, run_in_pieces

from adamrepro.data import Dense
from adamrepro.execution import run_batch
from adamrepro.models import ModelConfig
from adamrepro.models.convnet import ConvNetConfig
from adamrepro.models.logistic import LogisticConfig
from adamrepro.models.mlp import MlpConfig
from adamrepro.models.vae import VaeConfig
from adamrepro.optim import RULES, Adam, Rule, Schedule, can_compile
from adamrepro.runs import machine
from adamrepro.training import (
    NOBODY,
    Checkpoint,
    Listener,
    Loop,
    Population,
    Precision,
    Task,
    Training,
)
from adamrepro.training.streams import stream
from listening import StopWhen
from small import small, tables

DEVICE = "cuda"
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
MEMBERS: list[Rule] = [Adam(alpha=0.01, averaging=0.5), Adam(alpha=1e30), Adam(beta2=0.9)]
STEADY: list[Rule] = [Adam(alpha=0.001), Adam(alpha=0.003)]
MLP = MlpConfig(hidden=12)
NOISY: dict[str, ModelConfig] = {
    "logistic": LogisticConfig(dropout_input=0.2),
    "mlp": MlpConfig(hidden=12, dropout_input=0.2, dropout_hidden=0.5),
    "convnet": ConvNetConfig(hidden=12, dropout_input=0.2, dropout_hidden=0.5),
    "vae": VaeConfig(hidden=12, latent=3),
}


@pytest.fixture(autouse=True)
def set_up() -> None:
    """Make the settings of torch those that every run makes."""
    machine.set_up_torch(small(Path("nowhere"))[0])


def make(
    rules: list[Rule],
    device: str = DEVICE,
    model: ModelConfig = MLP,
    *,
    precision: Precision = Precision.fp32,
    compiled: bool = False,
    checkpoint: Checkpoint | None = None,
    listener: Listener = NOBODY,
) -> Loop:
    train, test = (as_images(split) if model.name == "convnet" else split for split in digits())
    task = Task(
        model=model, shape=train.shape, classes=10, seed=0, device=device, precision=precision
    )
    population = Population(
        task,
        rules,
        [0.1] * len(rules),
        Schedule(),
        compiled=compiled,
    )
    training = Training(epochs=3, batch_size=48, precision=precision)
    splits = train.to(device), test.to(device)
    return Loop(population, *splits, training, 0, checkpoint=checkpoint, listener=listener)


def as_images(split: Dense) -> Dense:
    return dataclasses.replace(split, x=split.x.view(-1, 1, 8, 8))


def costs(loop: Loop) -> torch.Tensor:
    """Train cost and clean costs of every member and epoch."""
    names = ("train_cost", "train_objective", "train_nll", "test_nll")
    return torch.tensor(
        [[row.get(name, 0.0) for name in names] for curve in rows(loop.run()) for row in curve]
    )


@pytest.mark.parametrize("name", sorted(RULES))
def test_curves_are_the_cpus(name: str) -> None:
    """Initial parameters and minibatches are drawn on the CPU; there is no noise here."""
    rules = [RULES[name](), RULES[name](averaging=0.5)]
    here, there = (costs(make(rules, device)) for device in ("cpu", DEVICE))
    torch.testing.assert_close(there, here, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", sorted(NOISY))
def test_costs_before_the_first_step_are_the_cpus(name: str) -> None:
    """Noise differs from step 1 on: a device has random numbers of its own."""
    loops = [make(STEADY, device, NOISY[name]) for device in ("cpu", DEVICE)]
    here, there = (rows(loop.run())[0][0] for loop in loops)
    tolerance = 0.05 if name == "vae" else 1e-4  # its bound is an expectation over noise
    assert there["train_nll"] == pytest.approx(here["train_nll"], rel=tolerance)


@pytest.mark.parametrize("precision", [Precision.fp32, Precision.bf16])
@pytest.mark.parametrize("name", sorted(NOISY))
def test_resumes_bit_for_bit(name: str, precision: Precision, tmp_path: Path) -> None:
    """Dropout, averaging and a member that diverges included."""

    def run(pieces: list[int], path: Path) -> Loop:
        options = {"precision": precision, "checkpoint": Checkpoint(path, "me")}
        build = partial(make, MEMBERS, model=NOISY[name], **options)
        return run_in_pieces(lambda stop: build(listener=StopWhen(stop)), pieces)

    whole = run([], tmp_path / "whole").curves
    assert [curve.diverged_epoch for curve in whole] == [None, 1, None]
    pieces = run([3, 5, 6], tmp_path / "pieces").curves
    assert json.dumps(rows(pieces)) == json.dumps(rows(whole))


@pytest.mark.skipif(not can_compile(), reason="torch.compile needs a C++ compiler")
def test_the_compiled_update_gives_the_same_curves() -> None:
    eager, compiled = (costs(make(STEADY, compiled=way)) for way in (False, True))
    torch.testing.assert_close(compiled, eager, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("precision", [Precision.tf32, Precision.bf16])
def test_low_precision_comes_near(precision: Precision, tmp_path: Path) -> None:
    full = costs(make(STEADY))
    config = small(tmp_path)[0]
    config.training.precision = precision
    machine.set_up_torch(config)
    loop = make(STEADY, precision=precision)
    torch.testing.assert_close(costs(loop), full, rtol=0.05, atol=0.0)
    assert {p.dtype for p in loop.population.parameters} == {torch.float32}


def test_tf32_is_for_those_who_ask(tmp_path: Path) -> None:
    """TF32 keeps 10 bits of a factor: the error of a product shows which was used."""
    if torch.cuda.get_device_capability() < (8, 0):
        pytest.skip("no TF32 before Ampere")
    generator = torch.Generator(DEVICE).manual_seed(0)
    a, b = (torch.randn(512, 512, generator=generator, device=DEVICE) for _ in range(2))
    exact = a.double() @ b.double()
    errors = {}
    for precision in (Precision.fp32, Precision.tf32):
        config = small(tmp_path)[0]
        config.training.precision = precision
        machine.set_up_torch(config)
        errors[precision] = float(((a @ b) - exact).norm() / exact.norm())
    assert errors[Precision.fp32] < 1e-5 < errors[Precision.tf32] < 1e-2


@pytest.mark.parametrize("processes", [False, True])
def test_from_configs_to_tables(
    processes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`auto` takes the GPU, here and in worker processes, and every row says which."""
    monkeypatch.setattr("adamrepro.execution.batch.SMALL_BATCH", 0)
    configs = small(tmp_path, workers=2)
    for config in configs:
        config.execution.device = "auto"
    run_batch(configs, processes=processes)
    _, runs = tables(tmp_path)
    assert [run["status"] for run in runs] == ["done"] * 4
    assert {run["device"] for run in runs} == {machine.device_name(torch.device(DEVICE))}


@pytest.mark.parametrize("name", sorted(NOISY))
def test_no_step_waits_for_the_gpu(name: str) -> None:
    """Beyond the first, which takes the pass's order there."""
    loop = make(STEADY, model=NOISY[name])
    loop.step()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(4):
            loop.step()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_streams_live_on_the_device() -> None:
    assert stream(0, "noise", DEVICE).device.type == DEVICE
