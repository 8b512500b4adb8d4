"""Status: what it says of real small sweeps, finished, stopped, running, and of their time."""

from collections import Counter
from pathlib import Path

import pytest
import torch

from adamrepro.execution import run_batch
from adamrepro.optim import RULES
from adamrepro.results.rows import as_text
from adamrepro.results.store import Store
from adamrepro.runs import planning
from adamrepro.runs import train as app
from adamrepro.runs.machine import this_machine
from adamrepro.runs.planning import identify, plan
from adamrepro.status.rates import Rates, work_left
from adamrepro.status.survey import State, Tally, tally
from adamrepro.status.time_left import (
    Duration,
    Pace,
    is_like_this,
    makespan,
    measured,
    seconds_alone,
    time_left,
)
from adamrepro.training import Checkpoint, Interrupted
from listening import StopWhen
from small import TABLES, small, three_rules

ADAM = RULES["adam"]


def store_of(results: Path) -> Store:
    return Store(results, TABLES.parts[0], TABLES.parts[1])


def look(results: Path, *sweep: object, **options: object) -> Tally:
    configs = small(results, *sweep, **options)  # type: ignore[arg-type]
    return tally(configs, store_of(results), measured(results, stand_in=True))


def test_done_diverged_and_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = look(tmp_path)
    assert nothing.counts == {State.MISSING: 4}
    assert nothing.left == Duration(0.0, whole=False, here=True)
    run_batch(small(tmp_path, [ADAM(alpha=0.01), ADAM(alpha=1e30)]), processes=False)
    monkeypatch.setattr(planning, "load_dataset", lambda *_, **__: pytest.fail("data was read"))
    found = look(tmp_path, [ADAM(alpha=1e30), *three_rules()])
    assert found.counts == {State.DONE: 1, State.DIVERGED: 1, State.MISSING: 3}
    assert not found.complete
    assert found.left.seconds > 0
    assert found.left.here
    assert look(tmp_path, [ADAM(alpha=0.01)]).complete


def test_what_is_not_collected_yet_or_done_at_another_budget(tmp_path: Path) -> None:
    (each,) = plan(identify(small(tmp_path, [ADAM()])))
    app.train(each)
    assert not store_of(tmp_path).tables.exists()
    assert look(tmp_path, [ADAM()]).counts == {State.DONE: 1}
    run_batch(small(tmp_path, [ADAM(alpha=0.5)], budget="quick"), processes=False)
    assert look(tmp_path, [ADAM(alpha=0.5)]).counts == {State.DONE: 1}
    real = Store(tmp_path, "smoke", "fig1a")
    assert tally(small(tmp_path, [ADAM()]), real, Rates()).counts == {State.MISSING: 1}


def test_runs_of_another_protocol_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adamrepro.results.run_id.PROTOCOL", 1)
    run_batch(small(tmp_path, [ADAM()]), processes=False)
    assert look(tmp_path, [ADAM()]).counts == {State.DONE: 1}
    monkeypatch.undo()
    assert look(tmp_path, [ADAM()]).counts == {State.MISSING: 1}


def stop_after(steps: int, results: Path, **options: object) -> None:
    """Train the first population for so many steps."""
    left = iter(range(steps - 1, -1, -1))
    each = plan(identify(small(results, **options)))[0]  # type: ignore[arg-type]
    with pytest.raises(Interrupted):
        app.train(each, StopWhen(lambda: next(left) == 0))


def test_interrupted_and_running(tmp_path: Path) -> None:
    stop_after(30, tmp_path, epochs=6)
    found = look(tmp_path, epochs=6)
    assert found.counts == {State.INTERRUPTED: 2, State.MISSING: 2}
    (each, *_) = plan(identify(small(tmp_path, epochs=6)))
    with each.store.lock(each.identity):
        assert look(tmp_path, epochs=6).counts == {State.RUNNING: 2, State.MISSING: 2}
    assert look(tmp_path, epochs=6).counts == {State.INTERRUPTED: 2, State.MISSING: 2}
    each.store.checkpoint_path(each.identity).write_bytes(b"damaged")
    assert look(tmp_path, epochs=6).counts == {State.MISSING: 4}


def test_time_left_of_an_interrupted_population_is_by_its_own_pace(tmp_path: Path) -> None:
    stop_after(30, tmp_path, rules=[ADAM(alpha=0.1), ADAM(alpha=0.2)], epochs=6)
    (each,) = plan(identify(small(tmp_path, [ADAM(alpha=0.1), ADAM(alpha=0.2)], epochs=6)))
    checkpoint = Checkpoint(each.store.checkpoint_path(each.identity), each.identity)
    state = checkpoint.glance()
    assert state is not None
    assert (state["epoch"], state["steps_in_pass"]) == (3, 0)
    left = look(tmp_path, [ADAM(alpha=0.1), ADAM(alpha=0.2)], epochs=6).left
    # three passes of 200 examples more, with clean costs of 400 after each
    assert left.seconds == pytest.approx(state["seconds"] * (600 + 0.35 * 3 * 400) / 600)
    assert (left.whole, left.here) == (True, True)


TASK = {"dataset.name": "mnist", "model.name": "mlp", "optimizer.name": "adam"}
OTHER = {**TASK, "optimizer.name": "sgd"}
FEW = {**TASK, "dataset.examples": "6000"}


def rate(rates: Rates, settings: dict[str, str]) -> tuple[float, bool] | None:
    found = rates.of(settings, "cpu")
    return found and (pytest.approx(found.seconds), found.here)


def test_the_nearest_measurement_counts() -> None:
    rates = Rates()
    assert rate(rates, TASK) is None
    rates.add(OTHER, "cpu", seconds=60, passes=10, here=False)
    assert rate(rates, OTHER) == rate(rates, TASK) == (6 / 60_000, False)
    rates.add(TASK, "cpu", seconds=120, passes=10, here=False)
    assert rate(rates, TASK) == (12 / 60_000, False)
    rates.add(OTHER, "cpu", seconds=30, passes=10, here=True)
    assert rate(rates, OTHER) == rate(rates, TASK) == (3 / 60_000, True)
    rates.add(TASK, "cpu", seconds=40, passes=10, here=True)
    assert rate(rates, TASK) == (4 / 60_000, True)
    assert rates.of(TASK, "NVIDIA H100") is None
    assert rate(rates, {**TASK, "dataset.name": "imdb"}) is None


def test_a_cut_data_set_is_counted_in_examples() -> None:
    rates = Rates()
    rates.add(FEW, "cpu", seconds=6, passes=1, here=True)
    assert rate(rates, FEW) == rate(rates, TASK) == (0.001, True)
    # as many examples, elsewhere, tell more than few of them here
    rates.add(OTHER, "cpu", seconds=6, passes=1, here=False)
    assert rate(rates, TASK) == (0.0001, False)
    assert rate(rates, FEW) == (0.001, True)


def test_clean_costs_take_their_time() -> None:
    """An evaluation is of both splits: 0.35 of 70,000 trained examples."""
    of = {**TASK, "training.epochs": "10", "training.batch_size": "128"}
    once, often = ({**of, "training.evaluate_every": n} for n in ("1000", "1"))
    assert work_left(once) == pytest.approx(600_000 + 2 * 24_500)
    assert work_left(often) == pytest.approx(600_000 + 11 * 24_500)
    assert work_left(often, 9.5) == pytest.approx(30_000 + 24_500)
    assert work_left(once, 10) == 0


def test_a_busy_machine_and_a_gpu() -> None:
    row = {"device": "cpu", "seconds": "30", "cpu_seconds": "20", "threads": "2"}
    assert seconds_alone(row) == 10
    assert seconds_alone({**row, "cpu_seconds": ""}) == 30
    assert seconds_alone({**row, "device": "NVIDIA H100"}) == 30
    this = this_machine(torch.device("cpu"))
    assert is_like_this({**this, "python": "3.9", "torch": "2.0"})
    assert not is_like_this({**this, "instructions": "none"})
    assert not is_like_this({**this, "gpu": "no such GPU"})
    assert not is_like_this(None)


def test_populations_go_side_by_side(tmp_path: Path) -> None:
    assert makespan([3, 3, 2, 2, 2], 2) == 7
    assert makespan([5, 1, 1], 2) == 5
    assert makespan([], 2) == 0
    rates = Rates()
    configs = small(tmp_path, [ADAM(alpha=a) for a in (0.1, 0.2, 0.3)], workers=2, population=1)
    (keys,) = {tuple(as_text(c.settings()).items()) for c in configs[:1]}
    rates.add(dict(keys), "cpu", seconds=10, passes=2, here=True)
    groups = [{frozenset(as_text(c.settings()).items()): c for c in configs}]
    two = 2 * 10 / 400 * work_left(dict(keys))  # three populations on two workers
    assert time_left(groups, {}, rates).seconds == pytest.approx(two)


def test_a_population_that_was_started_is_one_however_large(tmp_path: Path) -> None:
    configs = small(tmp_path, [ADAM(alpha=a) for a in (0.1, 0.2, 0.3)], workers=1, population=1)
    group = {config.key: config for config in configs}
    pace = Pace(passes=1, seconds=10)
    left = time_left([group], dict.fromkeys(group, pace), Rates())
    settings = as_text(configs[0].settings())
    assert left.seconds == pytest.approx(10 / 200 * work_left(settings, 1))


def test_damaged_notes_and_tables_of_others_do_no_harm(tmp_path: Path) -> None:
    stop_after(3, tmp_path)
    for path in store_of(tmp_path).in_flight.glob("*.lock"):
        path.write_text("{")
    assert look(tmp_path).counts == Counter({State.MISSING: 4})
