"""`adamrepro publish`, `compare` and taking over: from local tables to published ones, or not."""

import errno
import os
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

import record
from adamrepro import files as files_module
from adamrepro.cli import compare, publish
from adamrepro.cli.overrides import register_resolvers
from adamrepro.experiments import planned
from adamrepro.figures import Drawn, draw
from adamrepro.results.commits import objection
from adamrepro.results.machines import read_machines
from adamrepro.results.publish import mend, publishing
from adamrepro.results.review import Planned
from adamrepro.results.rows import read_rows
from adamrepro.results.run_id import PROTOCOL, key_of, run_id, setting_id
from adamrepro.results.store import Store
from adamrepro.results.written import write_table
from adamrepro.theory import THEORY
from commandline import PROJECT, CommandResult, call, train

BUDGET, NAME = "smoke", "fig1a"


def put(store: Store, runs: Planned, commit: str = "abc", seconds: float = 2.0) -> None:
    """Store planned runs that are not there yet, with made-up curves."""
    done = {row["run_id"] for row in read_rows(store.tables / "runs.csv")}
    for settings, labels in runs.items():
        said = dict(settings)
        identity = run_id(said, "sha")
        if identity in done:
            continue
        [(series, reading, role)] = labels
        row = record.row(
            0.1, 0, role, series=series, reading=reading, commit=commit, seconds=seconds
        )
        for key in ("optimizer.alpha", "seed", "training.epochs"):
            del row[key]
        row |= {"run_id": identity, "setting_id": setting_id(said, "sha"), **said}
        epochs = range(1, int(said["training.epochs"]) + 1)
        curve = [{"epoch": e, "train_cost": 0.3 + 1 / e} for e in epochs]
        store.save(row, curve, record.machine())
    store.collect()


@cache
def asked() -> Planned:
    """What the configs ask for at budget smoke: the grid, and with that stored, all of it."""
    register_resolvers()
    with tempfile.TemporaryDirectory() as results:
        store = Store(Path(results), BUDGET, NAME)
        for _ in ("grid", "confirmation"):
            runs = planned.planned_runs(NAME, BUDGET, Path(results))
            put(store, runs)
    return runs


def put_planned(results: Path, commit: str = "abc", seconds: float = 2.0) -> Store:
    """Store all that the configs ask for."""
    store = Store(results, BUDGET, NAME)
    put(store, asked(), commit, seconds)
    return store


@dataclass
class Place:
    home: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    @property
    def published(self) -> Path:
        return self.home / "results" / "published"

    def call(self, command: ModuleType, *arguments: str) -> CommandResult:
        return call(self.capsys, command.main, "", "--budget", BUDGET, *arguments)

    def files(self) -> dict[str, bytes]:
        """All that is published."""
        kept = [self.published, self.home / "figures" / "published"]
        found = [p for root in kept for p in root.rglob("*") if p.is_file() and p.name != ".lock"]
        return {str(path.relative_to(self.home)): path.read_bytes() for path in sorted(found)}


@pytest.fixture
def place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Place:
    monkeypatch.setenv("ADAMREPRO_HOME", str(tmp_path))
    monkeypatch.setattr(publish, "is_changed", lambda checkout, folder: False)
    dirty = "commit abc-dirty: trained with changes"
    monkeypatch.setattr(
        publish, "objection", lambda commit, checkout: dirty if "-dirty" in commit else ""
    )
    monkeypatch.setattr(publish, "draw", draw_quickly)
    return Place(tmp_path, capsys, monkeypatch)


def draw_quickly(name: str, *, results: Path, figures: Path, budget: str) -> Drawn:
    paths = [figures / budget / f"{name}.png", results / budget / name / "summary.csv"]
    for path in paths:
        files_module.write_atomically(path, (results / budget / name / "curves.csv").read_text())
    return Drawn(paths, pd.DataFrame())


def test_what_is_published_is_whole_and_then_compares_as_identical(place: Place) -> None:
    place.monkeypatch.setattr(publish, "draw", draw)
    store = put_planned(place.home / "results" / "local")
    ended = place.call(publish)
    assert (ended.status, ended.err) == (0, "")
    folder = place.published / BUDGET / NAME
    for name in ("runs.csv", "curves.csv", "machines.csv"):
        assert (folder / name).read_bytes() == (store.tables / name).read_bytes()
    assert (folder / "summary.csv").is_file()
    pictures = place.home / "figures" / "published" / BUDGET
    assert {f"{NAME}.png", f"{NAME}_tuned.pdf"} <= {path.name for path in pictures.iterdir()}
    left = [path for path in place.home.rglob(".*") if path.name != ".lock"]
    assert left == []
    assert (
        "3 series; 6 runs are the published ones, taken over or published from here"
        in place.call(compare).out
    )
    (place.home / "results" / "local").rename(place.home / "former")
    put_planned(place.home / "results" / "local", seconds=3.0)
    ended = place.call(compare)
    assert ended.status == 0
    assert ended.out.splitlines()[-2] == "3 series: 3 identical"
    stored = place.home / "results" / "local" / BUDGET / "comparison.csv"
    assert {row["verdict"] for row in record.read(stored)} == {"identical"}


def test_a_dirty_row_is_refused_and_what_was_published_stays(place: Place) -> None:
    results = place.home / "results"
    put_planned(results / "local")
    assert place.call(publish).status == 0
    before = place.files()
    (results / "local").rename(results / "former")
    put_planned(results / "local", commit="abc-dirty")
    ended = place.call(publish)
    assert ended.status == 1
    assert f"{NAME}: not published" in ended.err
    assert "commit abc-dirty: trained with changes" in ended.err
    assert place.files() == before


def test_in_parts_what_is_published_is_kept_while_the_configs_ask_for_it(place: Place) -> None:
    results = place.home / "results"
    orphan = {key: value for key, value in next(iter(asked())) if key != "optimizer.alpha"}
    more = {
        frozenset((orphan | {"optimizer.alpha": "7"}).items()): frozenset({("Adam", "", "grid")})
    }
    put(Store(results / "published", BUDGET, NAME), {**asked(), **more})
    own = dict([next(iter(asked().items()))])
    put(Store(results / "local", BUDGET, NAME), own, seconds=3.0)
    assert "3 of 4 runs are missing" in place.call(publish).err
    ended = place.call(publish, "--partial")
    assert (ended.status, ended.err) == (0, "")
    assert "gone are 1 of the 7 runs before" in ended.out
    rows = read_rows(place.published / BUDGET / NAME / "runs.csv")
    assert {key_of(row) for row in rows} == set(asked())
    assert {key_of(row) for row in rows if float(row["seconds"]) == 3.0} == set(own)


def test_confirmations_of_settings_that_a_wider_grid_does_not_choose_are_left_out(
    place: Place,
) -> None:
    store = put_planned(place.home / "results" / "local")
    settings, labels = next((s, n) for s, n in asked().items() if next(iter(n))[2] == "grid")
    [(series, reading, _)] = labels
    other_seed = frozenset((dict(settings) | {"seed": "7"}).items())
    put(store, {**asked(), other_seed: frozenset({(series, reading, "confirm")})})
    ended = place.call(publish)
    assert (ended.status, ended.err) == (0, "")
    assert "left out: confirmations of settings not chosen now: 1" in ended.out
    rows = read_rows(place.published / BUDGET / NAME / "runs.csv")
    assert {key_of(row) for row in rows} == set(asked())


def test_a_stand_in_is_not_published(place: Place) -> None:
    put_planned(place.home / "results" / "local")
    (place.home / "results" / "local" / BUDGET).rename(
        place.home / "results" / "local" / f"{BUDGET}-stand-in"
    )
    ended = place.call(publish)
    assert ended.status == 2
    assert "results of stand-in data are not published" in ended.err
    assert place.files() == {}


def test_an_edited_published_table_is_named(place: Place) -> None:
    put_planned(place.home / "results" / "local")
    place.call(publish)
    path = place.published / BUDGET / NAME / "curves.csv"
    path.write_text(path.read_text().replace("1.3,", "1.2,"))
    ended = place.call(compare)
    assert ended.status == 2
    assert str(path.with_name("runs.csv")) in ended.err
    assert "was changed after it was written" in ended.err
    assert len(ended.err.strip().splitlines()) == 2


def test_what_cannot_be_compared_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    results = place.home / "results"
    with monkeypatch.context() as former:
        former.setattr("adamrepro.results.run_id.PROTOCOL", 1)
        put_planned(results / "published")
    assert f"{NAME}: no runs of yours; nothing to compare" in place.call(compare).out
    stand_in = put_planned(results / "local").tables.parent
    stand_in.rename(stand_in.with_name(f"{BUDGET}-stand-in"))
    assert f"{NAME}: your runs used stand-in data" in place.call(compare).out
    put_planned(results / "local")
    said = place.call(compare).out
    assert f"{NAME}: 6 of 6 of the published runs were made by another version" in said
    assert "3 series: 3 not comparable; 6 published runs are not among yours" in said


@pytest.mark.parametrize(
    "results",
    ["results/published", "results/published/full", "link", f"{PROJECT}/results/published"],
)
def test_training_does_not_write_to_what_is_published(
    place: Place, capsys: pytest.CaptureFixture[str], results: str
) -> None:
    place.monkeypatch.chdir(place.home)
    place.published.mkdir(parents=True)
    (place.home / "link").symlink_to(place.published)
    ended = train(capsys, f"results={results}", "data.root=.", "data.download=false")
    assert ended.status == 2
    assert "training publishes nothing" in ended.err


def test_nothing_published_is_nothing_to_compare(place: Place) -> None:
    ended = place.call(compare)
    assert ended.status == 0
    assert "nothing is published there" in ended.out


def theory_table(**changes: object) -> pd.DataFrame:
    """As `adamrepro theory regret` writes one."""
    facts = {**THEORY["regret"].settings(BUDGET), "data_source": "", "commit": "abc", **changes}
    return pd.DataFrame({"seed": list(THEORY["regret"].seeds[BUDGET])}).assign(**facts)


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        (theory_table(), ""),
        (theory_table(commit="abc-dirty"), "commit abc-dirty: trained with changes"),
        (theory_table(data_source="stand-in"), "trained on stand-in data"),
        (theory_table(protocol=1), f"protocol 1 where {PROTOCOL} is asked for at this budget"),
        (theory_table(seed=77), "seeds [77]: not asked for at this budget"),
        (theory_table()[:2], "not trained"),
    ],
)
def test_small_experiments_are_published_after_the_same_checks(
    table: pd.DataFrame, fault: str, place: Place
) -> None:
    own = place.home / "results" / "local" / BUDGET / "theory" / "regret.csv"
    write_table(own, table)
    ended = place.call(publish)
    assert ended.status == bool(fault)
    assert fault in ended.err
    published = place.published / BUDGET / "theory" / "regret.csv"
    assert published.is_file() is not bool(fault)
    if fault == "not trained":
        assert place.call(publish, "theory/regret", "--partial").status == 0
        assert published.read_bytes() == own.read_bytes()


def test_a_small_experiment_that_is_not_there_is_named(place: Place) -> None:
    ended = place.call(publish, "theory/regrets")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("theory/regrets: no such experiment; did you mean regret?")


def test_two_at_once(place: Place) -> None:
    put_planned(place.home / "results" / "local")
    with publishing(place.published):
        ended = place.call(publish)
    assert ended.status == 2
    assert ended.err.strip() == (
        f"{place.published}: somebody else is publishing there; try again afterwards"
    )
    assert place.files() == {}
    assert place.call(publish).status == 0


def test_a_full_disk_publishes_nothing(place: Place) -> None:
    results = place.home / "results"
    put_planned(results / "local")
    assert place.call(publish).status == 0
    before = place.files()
    for nth in (1, 3, 5):
        written = 0

        def fsync(descriptor: int, full_at: int = nth) -> None:
            nonlocal written
            written += 1
            if written == full_at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with place.monkeypatch.context() as patched:
            patched.setattr(files_module.os, "fsync", fsync)
            ended = place.call(publish)
        assert written == nth
        assert ended.status == 2
        assert "No space left on device" in ended.err
        assert "Traceback" not in ended.err
        assert place.files() == before
    assert place.call(publish).status == 0


def test_what_a_kill_leaves_is_mended(place: Place) -> None:
    put_planned(place.home / "results" / "local")
    place.call(publish)
    before = place.files()
    folder = place.published / BUDGET / NAME
    aside = place.published / ".old" / BUDGET / NAME
    aside.parent.mkdir(parents=True)
    folder.rename(aside)  # killed between the two steps of a swap
    (place.published / ".new-left" / BUDGET).mkdir(parents=True)
    mend(place.published)
    assert place.files() == before


def test_commits(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        command = ["git", "-C", str(tmp_path), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(name: str) -> str:
        (tmp_path / name).touch()
        git("add", name)
        git("commit", "-qm", name)
        return git("rev-parse", "--short=10", "HEAD")

    git("init", "-q")
    first = commit("first")
    git("checkout", "-qb", "side")
    aside = commit("aside")
    git("checkout", "-q", "-")
    git("commit", "--allow-empty", "-qm", "second")
    assert objection(first, tmp_path) == ""
    assert "not committed" in objection(f"{first}-dirty", tmp_path)
    assert "no such commit" in objection("1234567890", tmp_path)
    assert "not an ancestor" in objection(aside, tmp_path)
    assert "outside of a checkout" in objection("", tmp_path)


def test_published_runs_are_taken_over_only_when_asked(tmp_path: Path) -> None:
    published = put_planned(tmp_path / "published")
    wanted = {row["run_id"]: {"role": "grid"} for row in read_rows(published.tables / "runs.csv")}
    store = Store(tmp_path / "local", BUDGET, NAME)
    store.adopt(wanted)
    assert store.done() == set()
    store.adopt(wanted, [tmp_path / "published"])
    assert store.done() == set(wanted)
    store.collect()
    assert read_machines(store.tables) == read_machines(published.tables)
