"""Where runs are watched, besides the console."""

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from adamrepro.errors import require

PROJECT = "adamrepro"

FORBIDDEN = r"/\#?%:"
"""Characters that W&B refuses in a project's name."""


class Tracker(Enum):
    """What runs are reported to; none: to the console alone."""

    none = "none"
    wandb = "wandb"


class Mode(Enum):
    """Whether W&B is told at once, or what it would be told is written to files."""

    online = "online"
    offline = "offline"


# with W&B's older spellings
_MODES = {
    "online": Mode.online,
    "run": Mode.online,
    "shared": Mode.online,
    "offline": Mode.offline,
    "dryrun": Mode.offline,
}


@dataclass(kw_only=True)
class Tracking:
    """The `tracking` section. Nothing here can change a result.

    Where project, entity or mode is null, WANDB_PROJECT, WANDB_ENTITY and WANDB_MODE say it; where
    they do not either: project adamrepro, the account's own entity, offline. The key is found as
    W&B finds it (WANDB_API_KEY, .netrc): there is no setting for it, so that no config holds it.
    statistics: whether W&B also samples processors, memory and GPUs.
    """

    name: Tracker = Tracker.none
    project: str | None = None
    entity: str | None = None
    mode: Mode | None = None
    statistics: bool = False

    def __post_init__(self) -> None:
        """Check ranges; raises UserError naming the key."""
        for key in ("project", "entity"):
            name = getattr(self, key)
            ok = name is None or (0 < len(name) <= 128 and not set(name) & set(FORBIDDEN))
            require(ok, f"tracking.{key}", name, f"null, or a name without {FORBIDDEN}")

    def chosen_mode(self) -> Mode | None:
        """Return the mode, None for disabled; raises UserError for a WANDB_MODE without meaning."""
        said = os.environ.get("WANDB_MODE") or "offline"
        if self.mode or said == "disabled":
            return self.mode
        require(said in _MODES, "WANDB_MODE", said, "online, offline or disabled")
        return _MODES[said]

    def chosen_project(self) -> str:
        return self.project or os.environ.get("WANDB_PROJECT") or PROJECT


def folder_of(results: Path) -> Path:
    """Return the folder in which W&B keeps its files: under WANDB_DIR, or results/runs."""
    return Path(os.environ.get("WANDB_DIR") or results / "runs") / "wandb"
