"""How fast runs have been trained so far: seconds of one member on one example."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

from adamrepro.results.rows import Row
from adamrepro.results.schema import TRAINING_EXAMPLES

SLOW = ("dataset.", "model.", "optimizer.name", "training.precision", "training.batch_size")
"""Settings (or the beginnings of their names) on which the time of a step depends."""

Key = tuple[str, ...]


def settings_of(row: Mapping[str, str]) -> Row:
    """The settings of a run, from its row of runs.csv: without those that do not apply."""
    return {k: v for k, v in row.items() if v and ("." in k or k == "seed")}


def examples_in_pass(settings: Mapping[str, str]) -> float:
    """Examples that a member sees in a pass; 1 for a data set whose size is not known here."""
    if steps := settings.get("training.epoch_steps"):
        return float(steps) * float(settings["training.batch_size"])
    whole = TRAINING_EXAMPLES.get(settings.get("dataset.name", ""), 1)
    return float(settings.get("dataset.examples") or whole)


@dataclass(frozen=True)
class Rate:
    """Seconds per member and example; `here` if they were measured on this machine."""

    seconds: float
    here: bool


@dataclass
class Rates:
    """What was measured, by what it was measured of: the nearest measurement answers."""

    measured: dict[Key, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(
        self, settings: Mapping[str, str], device: str, *, seconds: float, passes: float, here: bool
    ) -> None:
        """Add a measurement: one member's seconds for so many passes."""
        if seconds > 0 and passes > 0:
            for key in keys(settings, device, here):
                self.measured[key].append(seconds / passes / examples_in_pass(settings))

    def of(self, settings: Mapping[str, str], device: str) -> Rate | None:
        """Return the rate for a run on a device: of the same task if there is one, here if so."""
        exact, near = zip(*(keys(settings, device, here) for here in (True, False)), strict=True)
        for here_and_elsewhere in (exact, near):
            for key, here in zip(here_and_elsewhere, (True, False), strict=True):
                if key in self.measured:
                    return Rate(median(self.measured[key]), here)
        return None


def keys(settings: Mapping[str, str], device: str, here: bool) -> tuple[Key, Key]:
    """What a measurement is filed under: all that costs time, and the data set and model alone."""
    place = (device, str(here))
    slow = sorted(f"{k}={v}" for k, v in settings.items() if k.startswith(SLOW))
    near = (settings.get("dataset.name", ""), settings.get("model.name", ""))
    return (*place, *slow), (*place, *near)
