"""The benchmark's arithmetic, and that its script says what it promises."""

import json
import runpy
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from adamrepro.benchmark.memory import Stage
from adamrepro.benchmark.page import END, START, Measured, plot, write_page
from adamrepro.benchmark.profile import Profile, profiled, shares
from adamrepro.benchmark.scaling import Point
from adamrepro.benchmark.tasks import WORKLOADS, TaskRow
from adamrepro.benchmark.turns import Compared, ratio, turns

SCRIPT = Path(__file__).parents[2] / "scripts" / "benchmark.py"


def test_contenders_take_turns_and_the_first_does_not_count() -> None:
    now, calls = 0.0, []

    def contender(name: str, seconds: float) -> None:
        nonlocal now
        calls.append(name)
        now += seconds

    work = {"a": lambda: contender("a", 1.0), "b": lambda: contender("b", len(calls))}
    seconds = turns(work, repeats=2, clock=lambda: now)
    assert calls == ["a", "b"] * 3
    assert seconds == {"a": [1.0, 1.0], "b": [3.0, 5.0]}


def test_a_ratio_ignores_a_turn_in_which_the_machine_was_slow() -> None:
    assert ratio([2.0, 20.0, 2.0], by=[1.0, 10.0, 1.0]) == 2.0


def task(ratio: float, share: float | None, wanted: tuple[float, float] | None) -> TaskRow:
    return TaskRow(
        task="t",
        members=8,
        ours=1.0,
        plain=ratio,
        tutorial=None,
        vmap=None,
        ratio=ratio,
        gemm_share=share,
        member_epochs_per_s=1.0,
        wanted=wanted,
    )


def test_the_page_says_what_is_wanted_and_missed(tmp_path: Path) -> None:
    (tmp_path / "performance.md").write_text(f"above\n\n{START}\nold\n{END}\n")
    measured = Measured(
        conditions={"threads": 1},
        tasks=[task(2.5, 0.5, (2, 0.8)), task(1.0, None, None)],
        rows=[Compared("r", 3.0, 1.0, "ms", 3.0, 1.2), Compared("s", 1.0, 1.0, "ms", 1.0, 1.2)],
        points=[Point("t", by, str(x), 1.0 / x) for by in ("members", "minibatch") for x in (1, 2)],
        profiles=[Profile("t", 8, 2.0, **shares({"aten::mm": 3.0, "aten::exp": 1.0}))],
        stages=[Stage("imports", 300.0)],
    )
    write_page(measured, tmp_path)
    page = (tmp_path / "performance.md").read_text()
    assert page.startswith(f"above\n\n{START}\n")
    assert "old" not in page
    assert (
        "Of 4 wanted numbers 2 are missed:\n\n- t, 8 members: gemm_share 0.5, at least 0.8 wanted; "
        "0.667 if a step were its products and nothing else\n" in page
    )
    assert "| t | 8 | 2 | 0.75 | 0 | 0 | 0 | 0.25 | 0 |" in page
    assert "- r: ratio 3, at most 1.2 wanted" in page
    (drawn,) = plot(measured.points).axes[0].lines
    assert drawn.get_linestyle() == "None", "two points are no curve"


def test_a_profile_tells_products_from_what_is_between() -> None:
    square = torch.ones(512, 512)

    def step() -> None:
        square @ square
        time.sleep(0.002)

    found = profiled("s", step, steps=5, members=2)
    kinds = [found.products, found.update, found.copies, found.noise]
    assert 0 < found.products < 1
    assert found.between > 0.1
    assert kinds[1:] == [0, 0, 0]
    assert found.ms > 2
    assert sum(kinds) + found.elementwise + found.between == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--repeats", "0"], "whole numbers above 0"), (["--docs", "--quick"], "without --quick")],
)
def test_nonsense_is_refused(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *arguments])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.slow
def test_json_is_one_object_with_a_ratio_per_row(tmp_path: Path) -> None:
    """What the ratios are is for people to judge: a machine may be busy."""
    done = subprocess.run(
        [sys.executable, SCRIPT, "--quick", "--repeats", "1", "--json"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "ADAMREPRO_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    measured = json.loads(done.stdout)
    assert {row["unit"] for row in measured["rows"]} == {"ms", "MB"}
    assert {point["by"] for point in measured["points"]} == {"members", "minibatch", "cores"}
    of_tasks = [(row["task"].partition(" (")[0], row["members"]) for row in measured["tasks"]]
    assert set(of_tasks) == {(n, m) for n, task in WORKLOADS.items() for m in (1, task.members)}
    assert {row["step"].partition(" (")[0] for row in measured["profiles"]} >= set(WORKLOADS)
    stages = [stage["mb"] for stage in measured["stages"]]
    assert stages == sorted(stages)
    rows = [*measured["rows"], *measured["tasks"]]
    assert all(0 < row["ratio"] < 1000 for row in rows)
