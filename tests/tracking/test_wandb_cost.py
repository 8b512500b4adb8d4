"""What W&B costs, in seconds of CPU, ours and those of wandb-core."""

import resource
from pathlib import Path

from synthetic_runs import curve_rows, run_row
from wandb_core import settle

from adamrepro.tracking.settings import Mode, Tracking
from adamrepro.tracking.wandb import WandbTracker

RUNS, EPOCHS = 18, 46
"""As a quick Figure 1a has, which takes about 100 s of CPU."""

SECONDS_A_RUN = 0.2
"""W&B may take 2 % of the training, 0.11 s a run, and takes 0.07; a slow machine trains longer."""


def spent() -> float:
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(use.ru_utime + use.ru_stime for use in map(resource.getrusage, who))


def test_the_runs_of_a_quick_figure_1a_are_told_for_little(tmp_path: Path) -> None:
    settle()
    before = spent()
    rows = [run_row(f"aaaa{k:08d}") for k in range(RUNS)]
    curve = curve_rows(EPOCHS)
    tracker = WandbTracker(Tracking(), Mode.offline, tmp_path)
    for point in curve:
        for row in rows:
            tracker.update("quick", row, [point])
    for row in rows:
        tracker.finish("quick", row, curve)
    tracker.close()
    settle()
    assert len((tmp_path / "runs" / "wandb" / "finished.txt").read_text().splitlines()) == RUNS
    assert spent() - before < RUNS * SECONDS_A_RUN
