"""How fast runs have been trained so far: seconds of one member on one example."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

from adamrepro.data import DATASETS

SLOW = ("dataset.", "model.", "optimizer.name", "training.precision", "training.batch_size")
"""Settings (or the beginnings of their names) on which the time of a step depends."""

EVALUATED = 0.35
"""Time of an example of a clean cost, in examples that are trained on (measured on one thread:
0.40 ConvNet, 0.34 multilayer network, 0.33 auto-encoder, 0.36 logistic regression)."""


def sizes_of(settings: Mapping[str, str]) -> tuple[int, int]:
    """Examples of the training and the test split; 1 of a data set that is not known here."""
    dataset = DATASETS.get(settings.get("dataset.name", ""))
    train, test = dataset.sizes if dataset else (1, 1)
    asked = int(settings.get("dataset.examples") or train)
    return min(asked, train - int(settings.get("dataset.held_out") or 0)), min(asked, test)


def examples_in_pass(settings: Mapping[str, str]) -> int:
    """Examples that a member sees in a pass."""
    if steps := settings.get("training.epoch_steps"):
        return int(steps) * int(settings["training.batch_size"])
    return sizes_of(settings)[0]


def work_left(settings: Mapping[str, str], passes: float = 0.0) -> float:
    """Examples that a member is still to be trained on, clean costs counted as EVALUATED."""
    epochs, every = (int(settings[f"training.{key}"]) for key in ("epochs", "evaluate_every"))
    due = {*range(0, epochs, every), epochs}  # epochs with clean costs
    evaluations = len([epoch for epoch in due if epoch > passes or passes == 0])
    trained = max(epochs - passes, 0.0) * examples_in_pass(settings)
    return trained + EVALUATED * evaluations * sum(sizes_of(settings))


@dataclass(frozen=True)
class Rate:
    """Seconds per member and example; `here` if they were measured on such a machine as this."""

    seconds: float
    here: bool


@dataclass(frozen=True)
class Measurement:
    """A rate, and what it was measured of."""

    rate: Rate
    slow: frozenset[tuple[str, str]]
    examples: int


@dataclass
class Rates:
    """What was measured, by device, data set and model: the nearest measurement answers."""

    measured: dict[tuple[str, ...], list[Measurement]] = field(default_factory=dict)

    def add(
        self, settings: Mapping[str, str], device: str, *, seconds: float, passes: float, here: bool
    ) -> None:
        """Add a measurement: one member's seconds for so many passes."""
        if seconds > 0 and passes > 0:
            rate = Rate(seconds / passes / examples_in_pass(settings), here)
            found = Measurement(rate, slow(settings), sizes_of(settings)[0])
            self.measured.setdefault(place(settings, device), []).append(found)

    def of(self, settings: Mapping[str, str], device: str) -> Rate | None:
        """Return the rate for a run on a device, None if nothing like it was measured.

        Such machines as this one come before others; on each, the same task comes before another
        with as many examples. Few examples tell little of many, since every run has costs of its
        own: where there is nothing else, those with the most of them answer.
        """
        known = self.measured.get(place(settings, device), [])
        most = max((each.examples for each in known), default=0)
        same = [each.rate for each in known if each.slow == slow(settings)]
        as_many = [each.rate for each in known if each.examples == sizes_of(settings)[0]]
        largest = [each.rate for each in known if each.examples == most]
        for choices in ((same, as_many), (largest,)):
            for here in (True, False):
                for rates in choices:
                    if found := [rate.seconds for rate in rates if rate.here is here]:
                        return Rate(median(found), here)
        return None


def place(settings: Mapping[str, str], device: str) -> tuple[str, ...]:
    return device, settings.get("dataset.name", ""), settings.get("model.name", "")


def slow(settings: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset((k, v) for k, v in settings.items() if k.startswith(SLOW))
