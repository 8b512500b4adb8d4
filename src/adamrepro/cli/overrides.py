"""What every command line with Hydra in it shares: its complaints are put in a line or two."""

import argparse
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml  # type: ignore[import-untyped]
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from adamrepro import paths
from adamrepro.errors import UserError, answered, in_a_line, nearest

MOVED = {"population": "execution.population", "training.compile": "execution.compile"}
"""Keys of earlier versions, and what they are called now."""

ELSEWHERE = {
    "lr": "optimizer.alpha",
    "learning_rate": "optimizer.alpha",
    "betas": "optimizer.beta1 and optimizer.beta2",
    "weight_decay": "training.l2",
}
"""Keys by the names that other libraries give them."""

SHOWN = 4
"""Choices that are named of those that have a key."""

HYDRAS = ("Config group override must be", "Only one of --run, --multirun")
"""How Hydra's plain errors begin: its answers to optimizer=null, and to -m --cfg job."""


@contextmanager
def explained() -> Iterator[None]:
    """Answer what goes wrong inside, Hydra's complaints among it, as `errors.answered` does."""
    register_resolvers()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises, and this function explains
    with answered():
        try:
            yield
        except (HydraException, OmegaConfBaseException) as error:
            raise UserError(explain(error)) from error
        except yaml.YAMLError as error:
            raise UserError(unreadable(error)) from error
        except ValueError as error:
            if not str(error).startswith(HYDRAS):
                raise
            raise UserError(f"{in_a_line(error)}: {' '.join(sys.argv[1:])}") from error


def register_resolvers() -> None:
    """Let configs say ${home:results/local} and ${data_root:}."""
    OmegaConf.register_new_resolver("home", lambda path: str(paths.home() / path), replace=True)
    OmegaConf.register_new_resolver("data_root", lambda: str(paths.data()), replace=True)


def unreadable(error: yaml.YAMLError) -> str:
    """Say where a file of settings cannot be read."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return in_a_line(error)
    return f"{mark.name}, line {mark.line + 1}: {getattr(error, 'problem', '') or in_a_line(error)}"


def explain(error: Exception) -> str:
    """Say in a line or two what is wrong with an override."""
    if "@experiment." in str(error):
        return "experiment: expected `# @package _global_` as the first line of its file"
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        chosen = str(error.missing_cfg_file)
        if chosen.startswith("experiment/"):  # some lie in folders
            name = chosen.removeprefix("experiment/")
            meant = nearest(name, {*paths.experiments().values(), *(error.options or [])})
            own = "\nyours are looked for in experiment/ of --config-dir DIR"
            return f"experiment={name}: no such experiment; {meant}{own}"
        group, _, name = chosen.rpartition("/")
        if group == "optimizer" and set(name) & {".", ":"}:
            own = f"optimizer=external optimizer.cls={name}"
            return f"{group}={name}: no such choice; a class is trained with {own}"
        return f"{group}={name}: no such choice; {nearest(name, error.options or [])}"
    if isinstance(error, OverrideParseException):
        word = str(error.override)
        if "=" in word:
            return f"{word}: {in_a_line(error)}"
        is_one = word in paths.experiments().values()
        hint = f"; did you mean experiment={word}?" if is_one else ""
        return f"{word}: expected KEY=VALUE{hint}"
    cause = error if isinstance(error, OmegaConfBaseException) else error.__cause__
    if isinstance(cause, OmegaConfBaseException) and cause.full_key:
        key, parent = str(cause.key), cause.parent_node
        known = list(parent) if OmegaConf.is_dict(parent) else []
        if cause.full_key in MOVED:
            return f"{cause.full_key}: no such key any more; it is {MOVED[str(cause.full_key)]}"
        if known and key not in known:
            if elsewhere := choices_with(str(cause.full_key)):
                shown = " or ".join(elsewhere[:SHOWN])
                more = f" or {len(elsewhere) - SHOWN} others" if len(elsewhere) > SHOWN else ""
                return f"{cause.full_key}: no such key here, only with {shown}{more}"
            if right := place_of(key, parent):
                return f"{cause.full_key}: no such key; did you mean {right}?"
            return f"{cause.full_key}: no such key; {nearest(key, known)}"
        if "is not in struct" in str(cause):
            return f"{cause.full_key}: no such key"
        return f"{cause.full_key}: {in_a_line(cause)}"
    if several := re.match(r"Ambiguous value for argument '(.*)'", str(error)):
        key = several[1].lstrip("+")
        return f"{key}: several values; add -m to train them all, or brackets, [a,b], for one list"
    return "\n".join(str(error).splitlines()[:2])


def place_of(key: str, parent: DictConfig) -> str:
    """Where a setting stands that was looked for in the wrong section; "" for none like it."""
    if "kwargs" in parent:
        return f"optimizer.kwargs.{key}"
    sections = parent._get_root()
    found = [name for name in sections if OmegaConf.is_dict(sections[name])]
    return next(
        (f"{name}.{key}" for name in found if key in sections[name]), ELSEWHERE.get(key, "")
    )


def choices_with(key: str) -> list[str]:
    """Return the choices of a group that have a key of it: tracking=wandb for tracking.mode."""
    group, _, name = key.rpartition(".")
    line = re.compile(rf"^{re.escape(name)}:", re.MULTILINE)
    files = sorted((paths.CONFIGS / group).glob("*.yaml")) if group else []
    return [f"{group}={file.stem}" for file in files if line.search(file.read_text())]


def check_own_configs(words: Sequence[str]) -> None:
    """Refuse files of a user's --config-dir that are called as one of the suite's.

    Hydra would take the suite's, without a word.
    """
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--config-dir", "-cd", type=Path)
    folder = parser.parse_known_args(words)[0].config_dir
    if folder is None or folder.resolve() == paths.CONFIGS.resolve():
        return
    for path in sorted(folder.rglob("*.yaml")):
        name = path.relative_to(folder)
        if (paths.CONFIGS / name).is_file():
            raise UserError(
                f"{path}: the suite has a {name.as_posix()} too, which would be taken in its "
                "place; rename yours"
            )


def announced(words: list[str]) -> list[str]:
    """Return a command line in which what an external optimizer is called with may be new keys.

    Hydra would have the user write ++ for names that no config file knows.
    """
    return [f"++{word}" if word.startswith("optimizer.kwargs.") else word for word in words]
