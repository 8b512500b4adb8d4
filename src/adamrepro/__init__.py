"""Reproduction suite for "Adam: A Method for Stochastic Optimization" (Kingma & Ba, ICLR 2015)."""

from typing import Any

__all__ = ["load", "train_many"]


def __getattr__(name: str) -> Any:
    """Import on first use: figures and claims, for one, need no torch."""
    if name == "train_many":
        from adamrepro.many import train_many

        return train_many
    if name == "load":
        from adamrepro.results.load import load

        return load
    if name == "__version__":
        from importlib.metadata import version

        return version("adamrepro")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
