"""Say which runs of each experiment are done, and how long the rest will take on this machine."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.table import Table

from adamrepro import paths
from adamrepro.cli.console import console, tell
from adamrepro.cli.overrides import explained
from adamrepro.cli.places import CommandLine
from adamrepro.experiments.compose import composing
from adamrepro.experiments.experiment import Experiment
from adamrepro.experiments.names import config_of
from adamrepro.experiments.overrides import setting
from adamrepro.files import write_atomically
from adamrepro.paths import CONFIGS
from adamrepro.results.reference import EXPERIMENTS
from adamrepro.status.full_scale import replaced
from adamrepro.status.survey import Round, State, survey
from adamrepro.status.time_left import Duration, measured


def main() -> None:
    """Print a table with two rows per experiment: its grid, and what confirms it."""
    parser = CommandLine(description=__doc__)
    parser.add_argument("experiment", nargs="*", help=f"of {', '.join(EXPERIMENTS)}; all if none")
    parser.add_budget("quick", "smoke", "full")
    parser.add_places()
    parser.add_docs("the table of docs/full-scale.md")
    asked = parser.of_a_budget(may_be_new=True)
    with explained(), composing(CONFIGS) as composer:
        folders = (asked.results, paths.published("results"))
        rates = {flag: measured(*folders, stand_in=flag) for flag in (False, True)}
        rounds: list[Round] = []
        for name in asked.experiment or EXPERIMENTS:
            config = config_of(name)
            users = [
                f"experiment={config}",
                f"budget={asked.budget}",
                setting("results", asked.results),
            ]
            rounds += survey(Experiment(composer, [users]), rates)
        if asked.docs:
            page = paths.docs() / "full-scale.md"
            write_atomically(page, replaced(page.read_text(), rounds, asked.results))
    show(rounds, published=paths.is_published(asked.results))


def show(rounds: list[Round], *, published: bool) -> None:
    """Print the table, what is missing besides runs, and the time for all of it."""
    screen = console()
    table = Table("table", "round", *State, "time left", box=box.SIMPLE_HEAD)
    for each in rounds:
        counts = [cells(each, state) for state in State]
        table.add_row(f"{each.table}/{each.experiment}", each.name, *counts, time_of(each.left))
    screen.print(table)
    tell(screen, *dict.fromkeys(notes(rounds, published=published)))
    left = [each.left for each in rounds]
    total = Duration(
        sum(each.seconds for each in left),
        whole=all(each.whole for each in left),
        here=all(each.here for each in left),
    )
    if total.seconds or not total.whole:
        tell(screen, f"left in all: {time_of(total)}")


def cells(each: Round, state: State) -> str:
    count = each.counts[state]
    if state is State.MISSING and each.at_most:
        return f"up to {count}"
    return str(count) if count else ""


def notes(rounds: list[Round], *, published: bool) -> Iterator[str]:
    for each in [] if published else rounds:
        if each.no_data and any(each.counts[s] for s in State if s is not State.DONE):
            fate = "make reproduce fetches it, or uses a stand-in"
            yield f"{each.experiment}: no data in {each.no_data}; {fate}"
    if not all(each.left.here for each in rounds):
        yield "~: from the rates in the tables, which may be another machine's"
    if not all(each.left.whole for each in rounds):
        yield "unknown: nothing like it was trained so far"


def time_of(left: Duration) -> str:
    """Write a duration in its largest unit."""
    if left.seconds == 0:
        return "" if left.whole else "unknown"
    seconds, hours = left.seconds, left.seconds / 3600
    number = f"{hours:.1f} h" if hours >= 1.5 else f"{seconds / 60:.0f} min"
    number = number if seconds >= 90 else f"{max(seconds, 1):.0f} s"
    known = f"{'' if left.here else '~'}{number}"
    return known if left.whole else f"{known} and unknown"
