"""Hydra's overrides, KEY=VALUE: read without their signs, and written so that any text is safe."""

from collections.abc import Iterable
from typing import Any

Overrides = list[str]


def given(overrides: Iterable[str]) -> dict[str, str]:
    """Return what each key is set to, the last one counting: without + before it and quotes."""
    parts = (override.partition("=") for override in overrides)
    return {key.lstrip("+"): value.strip("'\"") for key, _, value in parts}


def setting(key: str, value: object) -> str:
    """Return the override that gives a key this text, whatever signs are in it."""
    return f"{key}={quote(str(value))}"


def written(value: Any) -> str:
    """Write a value as Hydra's override grammar reads it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def quote(text: str) -> str:
    """Quote a text as Hydra's override grammar reads it."""
    return "'" + text.replace("'", r"\'") + "'"
