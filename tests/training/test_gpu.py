"""The same training on a CUDA device, for machines that have one."""

import json
from pathlib import Path

import pytest
import torch
from digits import TINY_MLP, digits, rows, run_in_pieces

from adamrepro.optim import RULES, Adam, Rule, Schedule
from adamrepro.training import Checkpoint, Loop, MemberCurve, Population, Training
from adamrepro.training.streams import stream

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
MEMBERS: list[Rule] = [Adam(alpha=0.01, averaging=0.5), Adam(alpha=1e30), Adam(beta2=0.9)]


def make(rules: list[Rule], device: str, **options: object) -> Loop:
    train, test = digits()
    population = Population(
        TINY_MLP,
        rules,
        [0.1] * len(rules),
        Schedule(),
        shape=train.shape,
        classes=10,
        seed=0,
        device=device,
    )
    training = Training(epochs=3, batch_size=48)
    return Loop(population, train.to(device), test.to(device), training, 0, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(RULES))
def test_initial_costs_are_the_cpus(name: str) -> None:
    """The noise differs from step 1 on: a device has random numbers of its own."""
    here, there = (rows(make([RULES[name]()], d).run())[0] for d in ("cpu", "cuda"))
    assert here[0] == pytest.approx(there[0], rel=1e-5)
    assert here[1]["train_cost"] == pytest.approx(there[1]["train_cost"], rel=0.2)


def test_resumes_on_the_device(tmp_path: Path) -> None:
    def once(pieces: list[int], path: Path) -> list[MemberCurve]:
        checkpoint = Checkpoint(path, "me")
        options = {"checkpoint": checkpoint}
        return run_in_pieces(
            lambda stop: make(MEMBERS, "cuda", should_stop=stop, **options), pieces
        ).curves

    whole = once([], tmp_path / "whole")
    assert [curve.diverged_epoch for curve in whole] == [None, 1, None]
    found = once([3, 5, 6], tmp_path / "pieces")
    assert json.dumps(rows(found)) == json.dumps(rows(whole))


def test_streams_live_on_the_device() -> None:
    assert stream(0, "noise", "cuda").device.type == "cuda"
