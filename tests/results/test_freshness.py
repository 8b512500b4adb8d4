import subprocess
from pathlib import Path

import pytest

from adamrepro.results.commits import changed_files, head, objection
from adamrepro.results.freshness import Freshness, Report, configs, freshness
from adamrepro.results.rows import Row, as_text
from record import rows

CONFIG = "configs/experiment/fig1a.yaml"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in (CONFIG, "src/adamrepro/optim/adam.py", "README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("before")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def git(checkout: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    command = ["git", "-C", str(checkout), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(checkout: Path) -> str:
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "-m", "a commit")
    return head(checkout)


def test_without_git_nothing_is_known_of_commits(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert head(checkout) == ""
    assert "git cannot be asked" in objection("0123456789", checkout)
    assert freshness(trained("0123456789"), "fig1a", checkout).freshness is not Freshness.CURRENT


def trained(commit: str) -> list[Row]:
    return [as_text({**row, "commit": commit}) for row in rows()]


def test_without_runs_nothing_is_known(tmp_path: Path) -> None:
    assert freshness([], "fig1a", tmp_path) == Report(Freshness.UNKNOWN, ["no runs"])


def change(checkout: Path, name: str) -> None:
    (checkout / name).write_text("after")
    commit(checkout)


def test_runs_of_head_are_current(checkout: Path) -> None:
    assert freshness(trained(head(checkout)), "fig1a", checkout) == Report(Freshness.CURRENT, [])


def test_what_cannot_change_a_run_does_not_count(checkout: Path) -> None:
    found = trained(head(checkout))
    change(checkout, "README.md")
    assert freshness(found, "fig1a", checkout).freshness is Freshness.CURRENT


@pytest.mark.parametrize("name", ["optim/muon.py", "optim/sfo/memory.py", "models/convnet.py"])
def test_the_code_of_other_tasks_does_not_count(checkout: Path, name: str) -> None:
    found = trained(head(checkout))
    file = checkout / "src" / "adamrepro" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("new")
    commit(checkout)
    assert freshness(found, "fig1a", checkout).freshness is Freshness.CURRENT


@pytest.mark.parametrize("name", [CONFIG, "src/adamrepro/optim/adam.py"])
def test_configs_and_code_that_changed_are_named(checkout: Path, name: str) -> None:
    found, before = trained(head(checkout)), head(checkout)
    change(checkout, name)
    told = freshness(found, "fig1a", checkout)
    assert told == Report(Freshness.CHANGED, [f"changed since {before}: {name}"])


def test_a_commit_that_cannot_be_had_again_is_stale(checkout: Path) -> None:
    dirty = freshness(trained(f"{head(checkout)}-dirty"), "fig1a", checkout)
    assert dirty.freshness is Freshness.STALE
    assert "not committed" in dirty.reasons[0]
    unknown = freshness(trained("0123456789"), "fig1a", checkout)
    assert unknown.freshness is Freshness.STALE
    assert "no such commit" in unknown.reasons[0]
    assert freshness(trained(""), "fig1a", checkout).freshness is Freshness.STALE


def test_run_ids_that_do_not_follow_from_their_rows_are_stale(checkout: Path) -> None:
    found = trained(head(checkout))
    found[0]["optimizer.alpha"] = "7"
    for place in (checkout, None):
        told = freshness(found, "fig1a", place)
        assert told.freshness is Freshness.STALE
        assert f"1 of {len(found)} runs" in told.reasons[0]


def test_outside_of_a_checkout_commits_are_not_known() -> None:
    assert freshness(trained("abc"), "fig1a", None).freshness is Freshness.UNKNOWN
    assert head(None) == ""


ALWAYS = ("config", "dataset/mnist", "model/vae", "optimizer/adam", "schedule/constant")


@pytest.mark.parametrize(
    ("experiment", "others"),
    [
        ("nobodys", ()),
        ("matter_vae", ("experiment/matter/vae",)),
        (
            "after_adam_vae",
            ("experiment/after_adam/vae", "experiment/bench/vae", "sweeps/after_adam"),
        ),
    ],
)
def test_the_configs_of_a_run_are_those_that_its_row_and_its_experiment_name(
    experiment: str, others: tuple[str, ...]
) -> None:
    row = {"dataset.name": "mnist", "optimizer.name": "adam", "model.name": "vae"}
    files = {f"configs/{name}.yaml" for name in (*ALWAYS, *others)}
    found = set(configs([row], experiment)) - {"configs/schedule"}
    assert found == (files if others else files - {"configs/schedule/constant.yaml"})


def test_many_files_are_counted_after_the_first(checkout: Path) -> None:
    before = head(checkout)
    for number in range(9):
        (checkout / f"src/adamrepro/optim/rule{number}.py").write_text("new")
    commit(checkout)
    assert len(changed_files(before, checkout, ("src/adamrepro/optim",))) == 9
    [line] = freshness(trained(before), "fig1a", checkout).reasons
    assert line.endswith("rule5.py and 3 more")
