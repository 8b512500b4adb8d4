"""What every command line shares: a mistake is answered in a line or two, not a traceback."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from adamrepro import paths
from adamrepro.errors import RunsFailed, Stopped, UserError, nearest

USER, FAILED, INTERRUPTED = 2, 1, 130
"""Exit statuses: the user's mistake; runs that failed; stopped before the end."""


MOVED = {"population": "execution.population", "training.compile": "execution.compile"}
"""Keys of earlier versions, and what they are called now."""


@contextmanager
def explained() -> Iterator[None]:
    """Answer what goes wrong inside with a message and an exit status.

    ADAMREPRO_TRACEBACK=1 lets exceptions through.
    """
    register_resolvers()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises, and this function explains
    if os.environ.get("ADAMREPRO_TRACEBACK") == "1":
        yield
        return
    try:
        yield
    except UserError as error:
        leave(str(error), USER)
    except (HydraException, OmegaConfBaseException) as error:
        leave(explain(error), USER)
    except ValueError as error:
        if not str(error).startswith("Config group override must be"):
            raise
        leave(f"{error}: {' '.join(sys.argv[1:])}", USER)  # Hydra's answer to optimizer=null
    except (Stopped, KeyboardInterrupt) as stopped:
        usual = "stopped; the same command goes on where this one left off"
        leave(str(stopped) or usual, INTERRUPTED)
    except (RunsFailed, OSError) as error:
        leave(f"{error}; what is done is kept, the same command tries the rest", FAILED)


def leave(message: str, status: int) -> NoReturn:
    print(message, file=sys.stderr)
    # SystemExit passes through Hydra, which would print a line of its own for an exception
    raise SystemExit(status) from None


def register_resolvers() -> None:
    """Let configs say ${home:results/local} and ${data_root:}."""
    OmegaConf.register_new_resolver("home", lambda path: str(paths.home() / path), replace=True)
    OmegaConf.register_new_resolver("data_root", lambda: str(paths.data()), replace=True)


def explain(error: Exception) -> str:
    """Say in a line or two what is wrong with an override."""
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        chosen = str(error.missing_cfg_file)
        if chosen.startswith("experiment/"):  # some lie in folders
            name = chosen.removeprefix("experiment/")
            meant = nearest(name, paths.experiments().values())
            return f"experiment={name}: no such experiment; {meant}"
        group, _, name = chosen.rpartition("/")
        return f"{group}={name}: no such choice; {nearest(name, error.options or [])}"
    if isinstance(error, OverrideParseException):
        word = str(error.override)
        if "=" in word:
            return f"{word}: {str(error).splitlines()[0]}"
        is_one = word in paths.experiments().values()
        meant = f"; did you mean experiment={word}?" if is_one else ""
        return f"{word}: expected KEY=VALUE{meant}"
    cause = error if isinstance(error, OmegaConfBaseException) else error.__cause__
    if isinstance(cause, OmegaConfBaseException) and cause.full_key:
        key, parent = str(cause.key), cause.parent_node
        known = list(parent) if OmegaConf.is_dict(parent) else []
        if cause.full_key in MOVED:
            return f"{cause.full_key}: no such key any more; it is {MOVED[str(cause.full_key)]}"
        if known and key not in known:
            if elsewhere := choices_with(str(cause.full_key)):
                return f"{cause.full_key}: no such key here, only with {' or '.join(elsewhere)}"
            return f"{cause.full_key}: no such key; {nearest(key, known)}"
        return f"{cause.full_key}: {str(cause).splitlines()[0]}"
    return "\n".join(str(error).splitlines()[:2])


def choices_with(key: str) -> list[str]:
    """Return the choices of a group that have a key of it: tracking=wandb for tracking.mode."""
    group, _, name = key.rpartition(".")
    line = re.compile(rf"^{re.escape(name)}:", re.MULTILINE)
    files = sorted((paths.CONFIGS / group).glob("*.yaml")) if group else []
    return [f"{group}={file.stem}" for file in files if line.search(file.read_text())]


def announced(words: list[str]) -> list[str]:
    """Return a command line in which what an external optimizer is called with may be new keys.

    Hydra would have the user write ++ for names that no config file knows.
    """
    return [f"++{word}" if word.startswith("optimizer.kwargs.") else word for word in words]
