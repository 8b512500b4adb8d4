"""tracking=wandb on the command line: sweeps, their confirmation runs, and Hydra's own launcher."""

from pathlib import Path

import pytest
from wandb_checks import as_config, check_files

from commandline import CommandResult, train

SHORT = ["dataset.examples=200", "tracking=wandb", "data.download=false", "data.stand_in=true"]


def sweep(capsys: pytest.CaptureFixture[str], results: Path, *more: str) -> CommandResult:
    places = [f"results={results}", f"data.root={results / 'no-data'}"]
    return train(capsys, *more, *SHORT, *places)


def test_grid_and_confirmation_runs_are_told_and_not_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["-m", "experiment=fig1a", "budget=smoke", "training.epochs=1", "seeds.confirm=[7]"]
    assert sweep(capsys, tmp_path, *command).status == 0
    found = check_files(tmp_path, "smoke-stand-in")
    assert {run.group for run in found.values()} == {"fig1a smoke-stand-in"}
    assert {run.job_type for run in found.values()} == {"grid", "confirm"}
    folder = tmp_path / "runs" / "wandb"
    before = sorted(folder.iterdir()), (folder / "finished.txt").read_text()
    assert sweep(capsys, tmp_path, *command).status == 0
    assert (sorted(folder.iterdir()), (folder / "finished.txt").read_text()) == before


@pytest.mark.parametrize("launcher", ["basic", "population"])
def test_a_grid_of_the_users_own_is_a_group_by_its_task(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], launcher: str
) -> None:
    command = ["-m", "optimizer.alpha=1e-3,1e-2", "training.epochs=1", f"hydra/launcher={launcher}"]
    assert sweep(capsys, tmp_path, *command).status == 0
    found = check_files(tmp_path, "adhoc-stand-in", "adhoc").values()
    assert {run.group for run in found} == {"mnist logistic adhoc-stand-in"}
    assert {run.job_type for run in found} == {"single"}
    assert {as_config(run.config).optimizer.alpha for run in found} == {1e-3, 1e-2}
