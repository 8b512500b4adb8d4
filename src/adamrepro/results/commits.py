"""What speaks against publishing what a commit trained."""

import subprocess
from functools import cache
from pathlib import Path

DIRTY = "-dirty"


@cache
def objection(commit: str, checkout: Path) -> str:
    """Say what speaks against a commit, as a row names it; "" for nothing."""
    if not commit:
        return "no commit is recorded: it was trained outside of a checkout"
    if commit.endswith(DIRTY):
        return f"commit {commit}: trained with changes that are not committed (make sweep helps)"
    if git(checkout, "cat-file", "-e", f"{commit}^{{commit}}"):
        return f"commit {commit}: there is no such commit here"
    if git(checkout, "merge-base", "--is-ancestor", commit, "HEAD"):
        return f"commit {commit}: not an ancestor of what is checked out"
    return ""


def is_changed(checkout: Path, folder: str) -> bool:
    """Whether a folder of the checkout differs from HEAD."""
    return git(checkout, "diff", "--quiet", "HEAD", "--", folder) != 0


def git(checkout: Path, *arguments: str) -> int:
    """Ask git something; returns its exit status."""
    command = ["git", "-C", str(checkout), *arguments]
    return subprocess.run(command, capture_output=True, check=False).returncode
