"""Runs become populations, populations become rows; what is done is never done again."""

import dataclasses
from pathlib import Path

import pytest
import torch

from adamrepro.data import MnistConfig
from adamrepro.errors import UserError
from adamrepro.models import MODELS
from adamrepro.optim import RULES, EpsForm, Schedule, Unit, update
from adamrepro.results.machines import read_machines
from adamrepro.results.rows import read_rows
from adamrepro.results.run_id import run_id
from adamrepro.results.store import Store
from adamrepro.runs import machine, planning
from adamrepro.runs import train as app
from adamrepro.runs.config import Compile, RunConfig
from adamrepro.runs.planning import identify, plan
from adamrepro.training import Interrupted, Loop, Training
from listening import StopWhen
from small import TABLES, small, tables, three_rules

ADAM = RULES["adam"]


def finish(configs: list[RunConfig]) -> None:
    """Train what is missing, one population after the other, and fill the tables."""
    runs = identify(configs)
    for each in plan(runs):
        app.train(each)
    for run in runs:
        run.store.collect()


def sizes(configs: list[RunConfig]) -> list[int]:
    return [len(each.runs) for each in plan(identify(configs))]


def test_numbers_share_a_population(tmp_path: Path) -> None:
    rules = [
        ADAM(alpha=0.01),
        ADAM(alpha=0.1, beta1=0.5, beta2=0.9),
        ADAM(bias_correction=False),
        ADAM(averaging=0.9, eps=0.0, beta1_decay=0.9),
    ]
    configs = small(tmp_path, rules)
    for config, l2 in zip(configs, (0.0, 0.1, 0.2, 0.3), strict=True):
        config.training = dataclasses.replace(config.training, l2=l2)
        config.series, config.reading = f"series {l2}", f"reading {l2}"
    assert sizes(configs) == [4]


def test_everything_else_does_not(tmp_path: Path) -> None:
    (one,) = small(tmp_path, [ADAM()])
    others = {
        "seed": 1,
        "optimizer": ADAM(eps_form=EpsForm.efficient),
        "model": MODELS["logistic"](dropout_input=0.5),
        "schedule": Schedule(unit=Unit.epochs),
        "dataset": MnistConfig(examples=100),
        "training": Training(epochs=3, batch_size=20),
    }
    apart = [dataclasses.replace(one, **{key: value}) for key, value in others.items()]
    apart.append(dataclasses.replace(one, optimizer=RULES["sgd"]()))
    assert sizes([one, *apart]) == [1] * 8


def test_populations_are_as_large_as_asked(tmp_path: Path) -> None:
    rules = [ADAM(alpha=0.01 * i) for i in range(1, 8)]
    assert sizes(small(tmp_path, rules, population=3)) == [2, 2, 3]
    assert sizes(small(tmp_path, rules, population=7)) == sizes(small(tmp_path, rules)) == [7]
    assert sizes(small(tmp_path, rules, model=MODELS["mlp"]())) == [3, 4]
    assert sizes(small(tmp_path, rules, model=MODELS["convnet"]())) == [1] * 7


def test_a_run_asked_for_twice_is_trained_once(tmp_path: Path) -> None:
    assert sizes(small(tmp_path, [ADAM(), ADAM(), ADAM(alpha=1.0)])) == [2]


def test_what_is_done_is_left_out(tmp_path: Path) -> None:
    configs = small(tmp_path)
    finish(configs[:2])
    assert sizes(configs) == [1, 1]
    finish(configs)
    assert sizes(configs) == []
    assert len(tables(tmp_path)[1]) == 4


def test_a_grid_can_be_extended(tmp_path: Path) -> None:
    """Only the new runs are trained, and the old rows stay as they are."""
    finish(small(tmp_path, [ADAM(alpha=0.01)]))
    before = (tmp_path / TABLES / "runs.csv").read_text().splitlines()
    larger = small(tmp_path, [ADAM(alpha=0.01), ADAM(alpha=0.1)])
    assert sizes(larger) == [1]
    finish(larger)
    after = (tmp_path / TABLES / "runs.csv").read_text().splitlines()
    assert set(before) < set(after)


def test_rows_say_what_was_run(tmp_path: Path) -> None:
    configs = small(tmp_path, [ADAM(alpha=0.01), ADAM(alpha=1e30)])
    finish(configs)
    _, runs = tables(tmp_path)
    by_alpha = {run["optimizer.alpha"]: run for run in runs}
    run, lost = by_alpha["0.01"], by_alpha["1e+30"]
    assert (run["status"], run["diverged_epoch"]) == ("done", "")
    assert (lost["status"], lost["diverged_epoch"]) == ("diverged", "1")
    assert run["experiment"] == "fig1a"
    assert run["series"] == "adam curve"
    assert run["role"] == "grid"
    assert run["dataset.examples"] == "200"
    assert run["optimizer.bias_correction"] == "true"
    assert run["optimizer.eps_form"] == "algorithm1"
    assert run["data_source"] == "stand-in"
    settings = {k: v for k, v in run.items() if "." in k or k == "seed"}
    assert run_id(settings, run["data_sha"]) == run["run_id"]
    (row,) = (r for r in read_rows(tmp_path / TABLES / "runs.csv") if r["run_id"] == run["run_id"])
    assert float(row["seconds"]) > 0
    assert float(row["cpu_seconds"]) > 0
    assert run["threads"] == "1"
    machine = read_machines(tmp_path / TABLES)[run["machine"]]
    assert machine["torch"] == torch.__version__
    assert machine["processor"]
    assert run["setting_id"] != lost["setting_id"]


def test_single_runs_have_tables_of_their_own(tmp_path: Path) -> None:
    grid, single = (
        identify(small(tmp_path, [ADAM()], role=role))[0] for role in ("grid", "single")
    )
    assert grid.run_id == single.run_id
    assert grid.store.tables == tmp_path / TABLES
    assert single.store.tables == tmp_path / "adhoc-stand-in" / "fig1a"


def test_the_same_run_at_another_budget_is_taken_over(tmp_path: Path) -> None:
    finish(small(tmp_path, [ADAM(alpha=0.01)]))
    other = small(tmp_path, [ADAM(alpha=0.01), ADAM(alpha=0.1)], budget="quick", series="renamed")
    runs = identify(other)
    runs[0].store.adopt({run.run_id: run.labels for run in runs})
    assert sizes(other) == [1]
    finish(other)
    curves, runs = tables(tmp_path, Path("quick-stand-in") / "fig1a")
    assert [run["series"] for run in runs] == ["renamed", "renamed"]
    assert all(line in curves for line in tables(tmp_path)[0].splitlines())


class Killed(BaseException):
    """Stands for kill -9."""


@pytest.mark.parametrize("saved", [0, 1, 2])
def test_killed_between_the_saving_of_two_members(
    saved: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest must not be trained again in smaller company: that changes the last digits."""
    rules = [ADAM(alpha=a) for a in (0.3, 0.1, 0.01)]
    whole, killed = small(tmp_path / "whole", rules), small(tmp_path / "killed", rules)
    finish(whole)
    real, left = Store.save, iter(range(saved, 0, -1))

    def save(store: Store, *content: object) -> None:
        if not next(left, 0):
            raise Killed
        real(store, *content)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "save", save)
    with pytest.raises(Killed):
        finish(killed)
    monkeypatch.undo()
    if saved:
        identify(killed)[0].store.collect()
    assert sizes(killed) == [3]
    steps = Loop.step
    monkeypatch.setattr(Loop, "step", lambda loop: pytest.fail("a step taken again"))
    finish(killed)
    monkeypatch.setattr(Loop, "step", steps)
    assert tables(tmp_path / "killed") == tables(tmp_path / "whole")
    assert not list((tmp_path / "killed").rglob("*.ckpt"))


def test_stopped_and_resumed_in_between(tmp_path: Path) -> None:
    configs, whole = small(tmp_path / "stopped"), small(tmp_path / "whole")
    finish(whole)
    for each in plan(identify(configs)):
        for steps in (3, 9):
            left = iter(range(steps - 1, -1, -1))
            with pytest.raises(Interrupted):
                app.train(each, StopWhen(lambda left=left: next(left) == 0))
    assert len(list((tmp_path / "stopped").rglob("*.ckpt"))) == 3
    finish(configs)
    assert tables(tmp_path / "stopped") == tables(tmp_path / "whole")


def test_the_order_of_jobs_changes_no_row(tmp_path: Path) -> None:
    """Nor does the size of populations, beyond rounding: here it is none."""
    finish(small(tmp_path / "a"))
    finish(small(tmp_path / "b", three_rules()[::-1]))
    finish(small(tmp_path / "c", population=1))
    (curves, runs), reversed_, alone = (tables(tmp_path / name) for name in "abc")
    assert reversed_[1] == runs
    assert alone[1] == runs
    for other in (reversed_[0], alone[0]):
        for one, another in zip(curves.splitlines()[1:], other.splitlines()[1:], strict=True):
            numbers = [[float(x or 0) for x in line.split(",")[1:]] for line in (one, another)]
            assert numbers[0] == pytest.approx(numbers[1], rel=2e-5)


def test_stand_ins_are_told_apart_by_their_checksum(tmp_path: Path) -> None:
    (config,) = small(tmp_path, [ADAM()])
    cut = dataclasses.replace(config, dataset=MnistConfig(examples=100))
    one, other = identify([config, cut])
    assert one.run_id != other.run_id
    assert planning.dataset_of(config) is planning.dataset_of(dataclasses.replace(config, seed=5))


@pytest.mark.parametrize(
    ("compiled", "epochs", "expected"),
    [
        (Compile.on, 1, True),
        (Compile.off, 10**6, False),
        (Compile.auto, 1, False),
        (Compile.auto, 10**6, True),
    ],
)
def test_whether_to_compile(
    compiled: Compile,
    epochs: int,
    expected: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(update, "can_compile", lambda: True)
    (config,) = small(tmp_path, [ADAM()])
    config.training = dataclasses.replace(config.training, epochs=epochs)
    config.execution = dataclasses.replace(config.execution, compile=compiled)
    (each,) = plan(identify([config]))
    assert app.compile_update(each, planning.dataset_of(config)) is expected
    monkeypatch.setattr(update, "can_compile", lambda: False)
    assert app.compile_update(each, planning.dataset_of(config)) is (compiled is Compile.on)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_device_that_is_not_there(tmp_path: Path) -> None:
    (config,) = small(tmp_path, [ADAM()])
    config.execution.device = "cuda"
    with pytest.raises(UserError, match=r"execution\.device=cuda: not available"):
        machine.device_of(config)
