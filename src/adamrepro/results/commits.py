"""What git says of the checkout, and what speaks against publishing what a commit trained."""

import subprocess
from functools import cache
from pathlib import Path

from adamrepro.paths import CHECKOUT

DIRTY = "-dirty"


@cache
def objection(commit: str, checkout: Path) -> str:
    """Say what speaks against a commit, as a row names it; "" for nothing."""
    if not commit:
        return "no commit is recorded: it was trained outside of a checkout"
    if commit.endswith(DIRTY):
        return f"commit {commit}: trained with changes that are not committed (make sweep helps)"
    if not head(checkout):
        return f"commit {commit}: git cannot be asked of it in {checkout}"
    if git(checkout, "cat-file", "-e", f"{commit}^{{commit}}").returncode:
        return f"commit {commit}: there is no such commit here"
    if git(checkout, "merge-base", "--is-ancestor", commit, "HEAD").returncode:
        return f"commit {commit}: not an ancestor of what is checked out"
    return ""


def is_changed(checkout: Path, folder: str) -> bool:
    """Whether a folder of the checkout differs from HEAD."""
    return git(checkout, "diff", "--quiet", "HEAD", "--", folder).returncode != 0


@cache
def changed_files(commit: str, checkout: Path, among: tuple[str, ...]) -> tuple[str, ...]:
    """The files under `among` that differ between a commit and HEAD; none where git cannot tell."""
    done = git(checkout, "diff", "--name-only", commit, "HEAD", "--", *among)
    return tuple(done.stdout.split("\n")[:-1]) if commit and not done.returncode else ()


def head(checkout: Path | None) -> str:
    """The commit that is checked out, short; "" where there is none."""
    return git(checkout, "rev-parse", "--short=10", "HEAD").stdout.strip() if checkout else ""


@cache
def trained_at() -> str:
    """The commit that trains here, as a row names it; "" outside a git checkout."""
    if CHECKOUT is None:  # an installed copy may lie in somebody else's
        return ""
    return git(CHECKOUT, "describe", "--always", "--dirty", "--abbrev=10").stdout.strip()


def git(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Ask git something; where it cannot be run, it fails as a shell's unknown command does."""
    command = ["git", "-C", str(checkout), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return subprocess.CompletedProcess(command, 127, stdout="", stderr="")
