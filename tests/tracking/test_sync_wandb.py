"""Exporting from the tables afterwards: the same runs, once, and the figures."""

from pathlib import Path

import pytest
import tiny
from matplotlib import pyplot
from wandb_checks import check_config, check_files, check_history, tables
from wandb_core import settle
from wandb_files import offline_runs
from wandb_server import serving

from adamrepro.cli.sync_wandb import main
from adamrepro.execution import run_batch
from adamrepro.tracking.card import card_of
from adamrepro.tracking.settings import Tracker
from commandline import call


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Tables of runs that were trained without W&B."""
    run_batch(tiny.tiny(tmp_path, tracker=Tracker.none), processes=False)
    return tmp_path


def sync(capsys: pytest.CaptureFixture[str], results: Path, *more: str) -> tuple[int, str]:
    """Run the command; its exit status, and all that it says."""
    places = ["--results", str(results), "--figures", str(results / "figures")]
    ended = call(capsys, main, "sync-wandb", "--budget", tiny.TABLE, *places, *more)
    return ended.status, ended.out + ended.err


def draw(results: Path, name: str, height: float) -> None:
    folder = results / "figures" / tiny.TABLE
    folder.mkdir(parents=True, exist_ok=True)
    figure, axes = pyplot.subplots(figsize=(1, 1))
    axes.plot([0, height])
    figure.savefig(folder / f"{name}.png")
    pyplot.close(figure)


def test_runs_are_exported_once_and_look_as_if_they_had_been_tracked(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = sync(capsys, results)
    assert (status, "offline: 2 runs" in said) == (0, True), said
    found = check_files(results)
    before = sorted((results / "runs" / "wandb").iterdir())
    status, said = sync(capsys, results)
    assert "offline: 0 runs, 0 figures; known before: 2" in said
    assert sorted((results / "runs" / "wandb").iterdir()) == before

    for run in tables(results)[0].values():
        card = card_of(tiny.TABLE, run)
        assert found[card.id].config.items() >= card.config.items()

    tracked = results / "tracked"
    run_batch(tiny.tiny(tracked), processes=False)
    for key, run in check_files(tracked).items():
        check_config(run.config, found[key].config)
        assert run.summary["fidelity"] == found[key].summary["fidelity"]


def test_runs_that_were_tracked_are_known_and_an_unfinished_one_is_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_batch(tiny.tiny(tmp_path), processes=False)
    assert "0 runs, 0 figures; known before: 2" in sync(capsys, tmp_path)[1]
    settle()
    finished = tmp_path / "runs" / "wandb" / "finished.txt"
    first, second = finished.read_text().splitlines()
    finished.write_text(f"{second}\n")  # as after a kill before the first was told to the end
    (path,) = finished.parent.glob(f"offline-run-*-{first.split()[1]}/*.wandb")
    path.write_bytes(path.read_bytes()[:200])
    assert "1 run, 0 figures; known before: 1" in sync(capsys, tmp_path)[1]
    check_files(tmp_path)


def test_figures_are_attached_and_again_when_redrawn(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw(results, "fig1a", 1.0)
    draw(results, "fig1a_tuned", 2.0)
    draw(results, "fig1ab", 3.0)  # another figure
    assert "2 runs, 2 figures" in sync(capsys, results, "fig1a")[1]
    assert "0 runs, 0 figures" in sync(capsys, results, "fig1a")[1]
    draw(results, "fig1a", 4.0)
    assert "0 runs, 2 figures" in sync(capsys, results, "fig1a")[1]
    run = offline_runs(results / "runs" / "wandb")[f"{tiny.TABLE}-fig1a-figures"]
    assert run.job_type == "figures"
    (logged,) = run.history
    (folder,) = (results / "runs" / "wandb").glob("offline-run-*-figures")
    for name in ("fig1a", "fig1a_tuned"):
        image = folder / "files" / logged[f"{name}.path"]
        drawn = results / "figures" / tiny.TABLE / f"{name}.png"
        assert image.read_bytes() == drawn.read_bytes()


def test_what_went_to_files_still_goes_online_when_asked(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sync(capsys, results)
    settle()
    monkeypatch.setenv("WANDB_MODE", "online")
    with serving(monkeypatch) as told:
        assert "online: 2 runs" in sync(capsys, results)[1]
        assert "online: 0 runs" in sync(capsys, results)[1]
    check_files(results)  # the offline files are still there
    runs, curves = tables(results)
    for key, run in runs.items():
        check_history(told.history[card_of(tiny.TABLE, run).id], curves[key])


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ("no such experiment", 2, "no tables; expected one of ['fig1a']"),
        ("no such budget", 2, f"no tables; expected one of ['{tiny.TABLE}']"),
        ("edited table", 2, "checksum"),
        ("no key", 1, "no API key"),
        ("disabled", 2, "WANDB_MODE=disabled"),
    ],
)
def test_what_cannot_be_exported_is_explained(
    results: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: str,
    status: int,
    words: str,
) -> None:
    asked = {"no such experiment": ["fig1b"], "no such budget": ["--budget", "full"]}
    more = asked.get(change, [])
    if change == "edited table":
        path = results / tiny.TABLE / "fig1a" / "runs.csv"
        path.write_text(path.read_text().replace(",Adam,", ",Eve,"))
    if change in ("no key", "disabled"):
        monkeypatch.setenv("WANDB_MODE", "online" if change == "no key" else change)
    code, said = sync(capsys, results, *more)
    assert (code, words in said) == (status, True), said
    assert "Traceback" not in said
