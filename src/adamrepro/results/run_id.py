"""What makes a run the same run: a hash of everything that can change its result."""

import hashlib
import json
from collections.abc import Mapping

PROTOCOL = 2
"""Raise this when the code changes what a config means: old rows then no longer count as done."""

Value = str | int | float | bool | None

SettingsKey = frozenset[tuple[str, str]]
"""The settings of a run, seed among them, as the tables write them."""


def run_id(settings: Mapping[str, Value], data_sha: str) -> str:
    """Hash the settings (dotted names, seed among them) and the checksum of the data.

    Settings count as the tables write them, blank ones not at all: a row tells its own run_id.
    Paths, device, tracking and launcher are no settings: the same run done elsewhere is the same.
    """
    written = {key: setting_text(value) for key, value in settings.items()}
    known = {key: value for key, value in written.items() if value}
    return _digest({"protocol": PROTOCOL, "data": data_sha, **known})


def row_run_id(row: Mapping[str, str]) -> str:
    """Hash a row of runs.csv: its own run_id, unless it was changed or is of another protocol."""
    return run_id(settings_of(row), row.get("data_sha", ""))


def row_setting_id(row: Mapping[str, str]) -> str:
    """The same for its setting_id."""
    return setting_id(settings_of(row), row.get("data_sha", ""))


def settings_of(row: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of a row of runs.csv: without those that do not apply."""
    return {key: value for key, value in row.items() if value and ("." in key or key == "seed")}


def key_of(row: Mapping[str, str]) -> SettingsKey:
    """Return the same as something that can be looked up."""
    return frozenset(settings_of(row).items())


def setting_text(value: Value) -> str:
    """Write a setting as tables and hashes hold it: a number to its last digit, blank for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def setting_id(settings: Mapping[str, Value], data_sha: str) -> str:
    """The same without the seed: grid and confirmation runs of one setting share it."""
    return run_id({key: value for key, value in settings.items() if key != "seed"}, data_sha)


def population_id(run_ids: list[str]) -> str:
    """Name the population of these members, in this order."""
    return _digest({"members": ",".join(run_ids)})


def _digest(content: Mapping[str, Value]) -> str:
    text = json.dumps(content, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
