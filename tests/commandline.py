"""`adamrepro train` called in this process, and configs composed as it composes them."""

import copy
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest import mock

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig

from adamrepro.cli.overrides import register_resolvers
from adamrepro.cli.train import main as main_of_train
from adamrepro.errors import answered
from adamrepro.experiments.budgets import apply_budget
from adamrepro.experiments.compose import Composer, composing
from adamrepro.runs.config import RunConfig, to_run_config

PROJECT = Path(__file__).resolve().parents[1]
CONFIGS = PROJECT / "configs"


def choices(group: str) -> list[str]:
    """Names of the files of a config group."""
    return sorted(path.stem for path in (CONFIGS / group).glob("*.yaml"))


@contextmanager
def hydra() -> Iterator[None]:
    register_resolvers()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        yield


@contextmanager
def composer() -> Iterator[Composer]:
    register_resolvers()
    with composing(CONFIGS) as found:
        yield found


@cache
def _composed(*overrides: str) -> DictConfig:
    with hydra():
        config = compose("config", overrides=list(overrides))
        apply_budget(config, overrides)
        return config


def composed(*overrides: str) -> DictConfig:
    """A config of its own, composed once."""
    return copy.deepcopy(_composed(*overrides))


def run_config(*overrides: str) -> RunConfig:
    return to_run_config(composed(*overrides))


@dataclass
class CommandResult:
    """How a command ended."""

    status: int
    out: str
    err: str


def train(capsys: pytest.CaptureFixture[str], *arguments: str) -> CommandResult:
    """Run `adamrepro train` with these arguments in this process."""
    GlobalHydra.instance().clear()
    return call(capsys, main_of_train, "train", *arguments)


def call(
    capsys: pytest.CaptureFixture[str],
    main: Callable[[], int | None],
    command: str,
    *arguments: str | Path,
) -> CommandResult:
    """Run a command's main with these arguments in this process."""
    capsys.readouterr()
    status = 0
    with (
        mock.patch.object(sys, "argv", [f"adamrepro {command}", *map(str, arguments)]),
        mock.patch.dict("os.environ"),
    ):
        try:
            with answered():
                status = int(main() or 0)
        except SystemExit as end:
            status = int(end.code or 0)
    said = capsys.readouterr()
    return CommandResult(status, said.out, said.err)
