"""docs/full-scale.md against the committed tables, and its cells for made-up ones."""

from collections import Counter
from pathlib import Path

import pytest

from adamrepro.experiments.experiment import Experiment
from adamrepro.results.reference import EXPERIMENTS
from adamrepro.results.rows import as_csv
from adamrepro.status.full_scale import END, HEAD, START, line, replaced
from adamrepro.status.rates import Rates
from adamrepro.status.survey import Round, State, survey
from adamrepro.status.time_left import Duration
from commandline import composer

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_page_is_that_of_the_committed_tables() -> None:
    """Composes the full grids of all experiments."""
    results = ROOT / "results" / "published"
    rates = {flag: Rates() for flag in (False, True)}
    rounds: list[Round] = []
    with composer() as configs:
        for name in EXPERIMENTS:
            users = [f"experiment={name}", "budget=full", f"results={results}"]
            rounds += survey(Experiment(configs, [users]), rates)
    page = (ROOT / "docs" / "full-scale.md").read_text()
    command = "adamrepro status --published --budget full --docs"
    assert replaced(page, rounds, results) == page, f"out of date: {command}"


def a_round(name: str, counts: Counter[State], *, at_most: bool = False) -> Round:
    return Round("full", "fig1a", name, counts, Duration(0.0), at_most, "")


def test_what_is_around_the_table_is_kept(tmp_path: Path) -> None:
    rounds = [a_round("grid", Counter({State.MISSING: 7}))]
    page = replaced(f"before\n{START}\nold\n{END}\nafter\n", rounds, tmp_path)
    assert page.startswith(f"before\n{START}\n\n| experiment |")
    assert page.endswith(f"{END}\nafter\n")
    assert "old" not in page
    assert "| fig1a | 0 of 7 | none |" in page
    assert replaced(page, rounds, tmp_path) == page


def test_the_cells_of_an_experiment(tmp_path: Path) -> None:
    rows = [
        {
            "run_id": f"{seed}",
            "seed": str(seed),
            "training.epochs": "46",
            "cpu_seconds": "3600",
            "seconds": "9999",
            "device": "cpu",
            "threads": "2",
            "machine": "",
            "commit": "abc",
            "date": f"2026-11-2{seed}T01:02:03Z",
        }
        for seed in (2, 3)
    ]
    (tmp_path / "runs.csv").write_text(as_csv(rows, list(rows[0])))
    rounds = [
        a_round("grid", Counter({State.DONE: 3, State.DIVERGED: 1})),
        a_round("confirmation", Counter({State.MISSING: 5}), at_most=True),
    ]
    cells = dict(zip(HEAD, line("fig1a", rounds, tmp_path), strict=True))
    assert cells == {
        "experiment": "fig1a",
        "grid": "4 of 4, 1 diverged",
        "confirmation": "0 of up to 5",
        "passes": "46",
        "seeds": "2, 3",
        "processor hours": "2.00",
        "on": "cpu, 2 threads",
        "at commit": "abc",
        "days": "2026-11-22 to 2026-11-23",
    }
