"""Every small experiment at its smallest size: a new one is tested by its row in THEORY."""

import dataclasses
from pathlib import Path

import pandas as pd
import pytest
from smoke_data import data_of

from adamrepro.claims import CLAIMS, Kind
from adamrepro.cli.theory import main
from adamrepro.errors import UserError
from adamrepro.theory import THEORY
from adamrepro.theory.record import record, table_path
from commandline import call

every_experiment = pytest.mark.parametrize("name", THEORY)


def run(name: str, seed: int) -> pd.DataFrame:
    data = data_of(name)
    given = [] if data is None else [data]
    return THEORY[name].run(seed, *given, **THEORY[name].size["smoke"])


@every_experiment
def test_a_table_follows_from_its_seed(name: str) -> None:
    first, again, other = (run(name, seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
    assert len(first) == len(other) > 0
    assert first.notna().all(axis=None)


@every_experiment
def test_every_budget_has_a_size_and_seeds(name: str) -> None:
    theory = THEORY[name]
    assert set(theory.size) == set(theory.seeds) == {"smoke", "quick", "full"}
    assert len({tuple(size) for size in theory.size.values()}) == 1


@every_experiment
def test_a_claim_reads_it_and_full_is_enough_for_that(name: str) -> None:
    theory, needs = THEORY[name], CLAIMS[name].needs
    assert needs.kind is Kind.THEORY
    assert len(theory.seeds["full"]) >= needs.seeds
    for column, least in needs.sizes.items():
        assert theory.size["full"][column.removeprefix("size_")] >= least
    if needs.examples:
        assert theory.dataset is not None
        assert (theory.dataset["full"].examples or 60_000) >= needs.examples


def test_what_is_there_is_not_run_again(tmp_path: Path) -> None:
    theory = THEORY["adagrad-limit"]
    path = tmp_path / "table.csv"

    def again(**changes: object) -> int:
        return record(dataclasses.replace(theory, **changes), "smoke", path, None)

    assert again() == 3
    first = path.read_text()
    assert again() == 0
    assert path.read_text() == first
    assert again(seeds={"smoke": range(1, 5)}) == 1
    assert path.read_text().startswith(first)
    assert again(seeds={"smoke": range(4, 6)}) == 1
    assert set(pd.read_csv(path)["seed"]) == {4, 5}
    assert again(seeds={"smoke": range(5, 6)}) == 0
    assert set(pd.read_csv(path)["seed"]) == {5}
    assert again(size={"smoke": {"steps": 21, "coordinates": 5}}) == 3
    table = pd.read_csv(path)
    assert set(table["size_steps"]) == {21}
    assert {"seed", "torch", "commit", "data_source"} <= set(table)


def test_a_stopped_call_goes_on_with_the_next_seed(tmp_path: Path) -> None:
    theory, path = THEORY["scale-free"], tmp_path / "table.csv"

    def stopped(seed: int, **size: int) -> pd.DataFrame:
        if seed == 3:
            raise KeyboardInterrupt
        return theory.run(seed, **size)

    with pytest.raises(KeyboardInterrupt):
        record(dataclasses.replace(theory, run=stopped), "smoke", path, None)
    assert set(pd.read_csv(path)["seed"]) == {1, 2}
    assert record(theory, "smoke", path, None) == 1


def test_seeds_of_another_table_are_added_to_ones_own(tmp_path: Path) -> None:
    theory = THEORY["scale-free"]
    own, other = tmp_path / "own.csv", tmp_path / "other.csv"
    record(dataclasses.replace(theory, seeds={"smoke": range(1, 2)}), "smoke", own, None)
    record(theory, "smoke", other, None)
    assert record(theory, "smoke", own, None, also=other) == 0
    assert own.read_text() == other.read_text()


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "not a readable table"), ("seed,commit\n1,abc\n", "has no column data_source")],
)
def test_a_table_that_was_damaged_is_named(content: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(content)
    with pytest.raises(UserError, match=f"{path}: {words}"):
        record(THEORY["scale-free"], "smoke", path, None)


def test_tables_of_stand_ins_lie_apart(tmp_path: Path) -> None:
    data = data_of("annealing")
    assert table_path(tmp_path, "quick", "annealing", data).parts[-3] == "quick-stand-in"
    assert table_path(tmp_path, "quick", "regret", None).parts[-3] == "quick"


def test_the_command_writes_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = call(capsys, main, "theory", "scale-free", "--budget", "smoke", "--results", tmp_path)
    assert ended.status == 0, ended.err
    table = pd.read_csv(tmp_path / "smoke" / "theory" / "scale-free.csv")
    assert set(table["seed"]) == {1, 2, 3}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["regrett"], "regrett: no such experiment; did you mean regret?"),
        (["annealing", "--data", "/nowhere"], "MNIST"),
    ],
)
def test_mistakes_are_told_in_a_line_or_two(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = ["--budget", "smoke", "--results", tmp_path]
    ended = call(capsys, main, "theory", *arguments, *places)
    assert ended.status == 2
    assert said in ended.err
    assert len(ended.err.splitlines()) <= 3
