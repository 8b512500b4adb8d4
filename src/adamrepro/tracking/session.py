"""Runs in W&B, through its own library, which is imported when the first one is opened."""

import logging
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from adamrepro.tracking.card import Card, Point, Scalar
from adamrepro.tracking.settings import Mode

if TYPE_CHECKING:
    from wandb import Run, Settings

INIT_SECONDS = 30.0
"""How long W&B may take to open a run."""

FINISH_SECONDS = 30.0
"""How long W&B may take to send the rest of a finished run."""

QUIT_SECONDS = 5.0
"""How long W&B may take to leave after a failure."""


class Refused(Exception):
    """W&B cannot be had: no key, no server."""


class Unwritable(Refused):
    """Nor can files be written in its place."""


class Session:
    """This process's runs in W&B. Raises Refused, or whatever W&B raises, when it cannot go on.

    folder: the one that holds a folder per run; its parent is W&B's `dir`. Several runs are open
    at a time; a run that was left unfinished is begun anew. statistics: of the machine, too.
    """

    def __init__(
        self,
        project: str,
        entity: str | None,
        mode: Mode,
        folder: Path,
        *,
        statistics: bool = False,
    ) -> None:
        self.project, self.entity, self.folder = project, entity, folder
        self.statistics = statistics
        self.online = mode is Mode.online
        self.runs: dict[str, Run] = {}
        self.told: dict[str, int] = {}
        self.finished = Finished(folder / "finished.txt", mode.value)
        self.started = False

    @property
    def mode(self) -> Literal["online", "offline"]:
        return "online" if self.online else "offline"

    def start(self) -> None:
        """Make sure that files can be written and, online, that W&B lets us in."""
        check_writable(self.folder)
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        import wandb

        wandb.setup(settings=wandb.Settings(silent=True, mode=self.mode))
        # its debug.log would complain on the terminal about a full disk
        logging.getLogger("wandb").setLevel(logging.CRITICAL + 1)
        try:
            # without prompt=False a worker would wait for somebody to type a key
            if self.online and not wandb.login(prompt=False, verify=True):
                raise Refused("no API key (wandb login, or WANDB_API_KEY)")
        except wandb.errors.AuthenticationError as error:
            raise Refused(str(error)) from error
        self.started = True

    def log(self, card: Card, points: Mapping[int, Point]) -> None:
        """Log the points of a run that are later than what it was told, and open it if need be."""
        run = self.runs.get(card.id) or self.open(card)
        for epoch in sorted(points):
            if epoch > self.told[card.id]:
                run.log({"epoch": epoch, **points[epoch]}, step=epoch)
                self.told[card.id] = epoch

    def open(self, card: Card) -> "Run":
        """Open a run: online one that W&B knows is resumed, offline its earlier files are dropped.

        W&B itself ignores points that a resumed run already has. Offline files cannot be resumed,
        but a run is told its whole curve, so the new files say all that the old ones said.
        """
        if not self.started:
            self.start()
        import wandb

        if not self.online:
            self.drop_offline_files(card.id)
        run = wandb.init(
            project=self.project,
            entity=self.entity,
            dir=self.folder.parent,
            mode=self.mode,
            id=card.id,
            resume="allow" if self.online else None,
            reinit="create_new",
            name=card.name,
            group=card.group,
            job_type=card.job_type,
            tags=card.tags,
            config=card.config,
            settings=quiet_settings(self.statistics),
        )
        run.define_metric("epoch")
        run.define_metric("*", step_metric="epoch")
        self.runs[card.id], self.told[card.id] = run, -1
        return run

    def drop_offline_files(self, identity: str) -> None:
        own = re.compile(rf"offline-run-\d+_\d+-{re.escape(identity)}")
        for path in self.folder.glob(f"offline-run-*-{identity}"):
            if own.fullmatch(path.name):
                (path / f"run-{identity}.wandb").unlink(missing_ok=True)
                # a W&B whose parent was killed may still write logs here; without the file above
                # they are no run
                shutil.rmtree(path, ignore_errors=True)

    def finish(self, identity: str, summary: Mapping[str, Scalar], exit_code: int = 0) -> None:
        """Close a run; one that ended well is entered in finished.txt."""
        run = self.runs.pop(identity)
        run.summary.update(dict(summary))
        run.finish(exit_code)
        if exit_code == 0:
            # W&B says nothing of files that it could not write
            check_writable(self.folder)
            self.finished.add(identity)

    def quit(self) -> None:
        """Let go of W&B after a failure, so that the end of the process does not trip over it.

        wandb-core leaves when it has given up its last request, which may take it minutes.
        """
        thread = threading.Thread(target=tear_down, name="wandb-quit", daemon=True)
        thread.start()
        thread.join(QUIT_SECONDS)

    def show(self, card: Card, images: Mapping[str, Path]) -> None:
        """Log image files as one run, and finish it."""
        run = self.open(card)
        import wandb

        run.log({name: wandb.Image(str(path)) for name, path in images.items()})
        self.runs.pop(card.id).finish(0)


class Finished:
    """The runs that W&B was told to the end, in a file beside their folders: mode and id a line.

    Lines are appended, which several processes may do at a time.
    """

    def __init__(self, path: Path, mode: str) -> None:
        self.path, self.mode = path, mode

    def __contains__(self, entry: str) -> bool:
        return entry in self.entries()

    def entries(self) -> set[str]:
        """Return all of them, in this mode."""
        try:
            lines = self.path.read_text().splitlines()
        except FileNotFoundError:
            return set()
        return {entry for mode, _, entry in (x.partition(" ") for x in lines) if mode == self.mode}

    def add(self, entry: str) -> None:
        with self.path.open("a") as file:
            file.write(f"{self.mode} {entry}\n")


def tear_down() -> None:
    with suppress(Exception, SystemExit):
        import wandb

        wandb.teardown()


def quiet_settings(statistics: bool) -> "Settings":
    """No capture of output, code, git or packages; of the machine only where asked for."""
    import wandb

    return wandb.Settings(
        silent=True,
        console="off",
        symlink=False,
        disable_code=True,
        disable_git=True,
        disable_job_creation=True,
        x_disable_machine_info=not statistics,
        x_disable_meta=True,
        x_disable_stats=not statistics,
        x_save_requirements=False,
        use_dot_wandb=False,
        init_timeout=INIT_SECONDS,
        finish_timeout=FINISH_SECONDS,
        finish_timeout_raises=True,
    )


def check_writable(folder: Path) -> None:
    """Raise Unwritable if nothing can be written to `folder`; W&B would take another folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(1 << 16))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Unwritable(f"{folder}: {error.strerror}") from error
