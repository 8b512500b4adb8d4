"""What makes a run the same run: a hash of everything that can change its result."""

import hashlib
import json
from collections.abc import Mapping

PROTOCOL = 1
"""Raise this when the code changes what a config means: old rows then no longer count as done."""

Value = str | int | float | bool | None


def run_id(settings: Mapping[str, Value], data_sha: str) -> str:
    """Hash the settings (dotted names, seed among them) and the checksum of the data.

    Paths, device, tracking and launcher are no settings: the same run done elsewhere is the same.
    """
    return _digest({"protocol": PROTOCOL, "data": data_sha, **settings})


def setting_id(settings: Mapping[str, Value], data_sha: str) -> str:
    """The same without the seed: grid and confirmation runs of one setting share it."""
    return run_id({key: value for key, value in settings.items() if key != "seed"}, data_sha)


def population_id(run_ids: list[str]) -> str:
    """Name the population of these members, in this order."""
    return _digest({"members": ",".join(run_ids)})


def _digest(content: Mapping[str, Value]) -> str:
    text = json.dumps(content, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
