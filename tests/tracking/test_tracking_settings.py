"""The tracking section: what it says, and what W&B's environment says where it is silent."""

import subprocess
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from adamrepro.errors import UserError
from adamrepro.runs.config import section
from adamrepro.tracking.settings import Mode, Tracker, Tracking, folder_of
from adamrepro.tracking.wandb import tracker_for

CONFIGS = Path(__file__).parents[2] / "configs" / "tracking"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("none", Tracking()), ("wandb", Tracking(name=Tracker.wandb))],
)
def test_each_yaml_says_the_defaults(name: str, expected: Tracking) -> None:
    assert section("tracking", Tracking, OmegaConf.load(CONFIGS / f"{name}.yaml")) == expected


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "mlflow"}, "tracking.name"),
        ({"mode": "sideways"}, "tracking.mode"),
        ({"project": ""}, "tracking.project"),
        ({"project": "a/b"}, "tracking.project=a/b"),
        ({"entity": "x" * 129}, "tracking.entity"),
        ({"api_key": "secret"}, "tracking.api_key: no such key"),
    ],
)
def test_a_wrong_value_names_its_key(values: dict[str, str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        section("tracking", Tracking, OmegaConf.create(values))


@pytest.mark.parametrize(
    ("asked", "said", "mode"),
    [
        (None, None, Mode.offline),
        (None, "", Mode.offline),
        (None, "online", Mode.online),
        (None, "run", Mode.online),
        (None, "dryrun", Mode.offline),
        (None, "disabled", None),
        (Mode.offline, "online", Mode.offline),
        (Mode.online, None, Mode.online),
    ],
)
def test_the_mode_is_the_configs_then_the_environments(
    monkeypatch: pytest.MonkeyPatch, asked: Mode | None, said: str | None, mode: Mode | None
) -> None:
    if said is not None:
        monkeypatch.setenv("WANDB_MODE", said)
    assert Tracking(mode=asked).chosen_mode() is mode


def test_an_unknown_wandb_mode_is_the_users_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "sometimes")
    with pytest.raises(UserError, match="WANDB_MODE=sometimes"):
        tracker_for(Tracking(name=Tracker.wandb), Path())


def test_project_and_folder_follow_wandbs_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Tracking().chosen_project() == "adamrepro"
    assert folder_of(Path("results")) == Path("results/runs/wandb")
    monkeypatch.setenv("WANDB_PROJECT", "theirs")
    monkeypatch.setenv("WANDB_DIR", "/elsewhere")
    assert Tracking().chosen_project() == "theirs"
    assert Tracking(project="ours").chosen_project() == "ours"
    assert folder_of(Path("results")) == Path("/elsewhere/wandb")


def test_without_tracking_there_is_no_tracker(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tracker_for(Tracking(), Path()) is None
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert tracker_for(Tracking(name=Tracker.wandb), Path()) is None


def test_wandb_is_imported_by_no_module_of_ours() -> None:
    code = (
        "import sys, adamrepro.execution, adamrepro.tracking.export; print('wandb' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
