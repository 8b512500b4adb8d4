"""Tables as a training at this version of the code would write them: small, whole, publishable."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

from adamrepro.results.machines import MACHINE_COLUMNS, machine_id
from adamrepro.results.review import Planned
from adamrepro.results.rows import as_text
from adamrepro.results.run_id import Value, key_of, run_id, setting_id
from adamrepro.results.store import Store

EPOCHS = 3
ALPHAS = (0.1, 0.01)
SEEDS = {"grid": (0,), "confirm": (1, 2, 3)}

Cost = Callable[[int, int], float]
"""Of an epoch, for a seed."""


def machine(name: str = "a processor") -> dict[str, str]:
    said = dict.fromkeys(MACHINE_COLUMNS, "") | {"processor": name, "torch": "2.9"}
    return said | {"machine": machine_id(said)}


def cost(epoch: int, seed: int) -> float:
    return 2.0 / (epoch + 1) * 1.02**seed


def row(alpha: float, seed: int, role: str, **changes: Value) -> dict[str, Value]:
    """A run of Adam."""
    settings: dict[str, Value] = {
        "optimizer.alpha": alpha,
        "training.epochs": EPOCHS,
        "seed": seed,
    }
    return {
        "run_id": run_id(settings, "sha"),
        "setting_id": setting_id(settings, "sha"),
        "experiment": "fig1a",
        "series": "Adam",
        "reading": "",
        "role": role,
        "status": "done",
        **settings,
        "data_source": "canonical",
        "data_sha": "sha",
        "seconds": 2.0,
        "cpu_seconds": 1.5,
        "machine": machine()["machine"],
        "commit": "abc",
        "date": "2026-11-24",
        **changes,
    }


def rows() -> list[dict[str, Value]]:
    """The grid, and what confirms its first setting."""
    grid = [row(alpha, seed, "grid") for alpha in ALPHAS for seed in SEEDS["grid"]]
    return grid + [row(ALPHAS[0], seed, "confirm") for seed in SEEDS["confirm"]]


def planned() -> Planned:
    return {key_of(as_text(each)): frozenset({("Adam", "", str(each["role"]))}) for each in rows()}


def put(
    root: Path,
    runs: list[dict[str, Value]] | None = None,
    *,
    cost: Cost = cost,
    epochs: int = EPOCHS,
    on: Mapping[str, str] | None = None,
) -> Path:
    """Store runs as training does; returns the folder of their tables."""
    store = Store(root, "quick", "fig1a")
    on = on or machine()
    for run in rows() if runs is None else runs:
        seed = int(str(run["seed"]))
        curve = [{"epoch": e, "train_cost": cost(e, seed)} for e in range(1, epochs + 1)]
        store.save({"machine": on["machine"], **run}, curve, on)
    store.collect()
    return store.tables


def read(path: Path) -> list[dict[str, str]]:
    """The rows of any table."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
