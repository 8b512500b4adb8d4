"""The time that is left is said once there is a basis for it."""

import io
from dataclasses import dataclass

import pytest
from rich.console import Console

from adamrepro.tracking import console
from adamrepro.tracking.console import ProgressConsole
from adamrepro.training import Progress


@dataclass(frozen=True)
class Population:
    identity: str
    title: str = ""
    work: float = 100.0


def heard(epoch: int, percent: int) -> Progress:
    return Progress(steps=percent, total_steps=100, epoch=epoch, live=1, best_cost=0.5)


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        # two populations of ten passes, 40 seconds after the beginning
        (heard(0, 1), heard(0, 9), ""),
        (heard(0, 1), heard(1, 10), "12:40 left"),  # a tenth of the first is trained
        (heard(8, 80), heard(8, 89), ""),
        (heard(8, 80), heard(9, 90), "7:20 left"),  # the checkpoint held eight passes
    ],
)
def test_an_estimate_rests_on_a_whole_pass_of_this_call(
    first: Progress, then: Progress, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(console.time, "monotonic", lambda: now)
    shown = ProgressConsole(Console(file=io.StringIO()))
    one, other = Population("one"), Population("other")
    shown.begin([one, other])
    shown.progress(one, first)
    now = 40.0
    shown.progress(one, then)
    assert shown.left() == said


def test_a_population_that_ended_is_a_basis(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(console.time, "monotonic", lambda: now)
    shown = ProgressConsole(Console(file=io.StringIO()))
    shown.begin([Population("one"), Population("other")])
    now = 40.0
    shown.end(Population("one"))
    assert shown.left() == "0:40 left"


def test_where_there_is_no_terminal_each_population_has_a_line() -> None:
    file = io.StringIO()
    shown = ProgressConsole(Console(file=file, width=40))
    shown.begin([Population("one")])
    shown.end(Population("one", title="fig3 SGDNesterov+dropout seed 0 x1"))
    assert file.getvalue() == "[1/1] fig3 SGDNesterov+dropout seed 0 x1: done\n"
