"""Where a sweep stands: which of its runs are done, and how long the others will take.

Runs are found by their settings, as the tables write them, so that no data need be read. Which
ones are in training is told by the locks and checkpoints in results/runs.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from adamrepro.data import is_there
from adamrepro.experiments.experiment import Experiment
from adamrepro.results.layout import both_tables, is_stand_in
from adamrepro.results.rows import Row, read_rows
from adamrepro.results.run_id import SettingsKey, key_of, row_run_id, settings_of
from adamrepro.results.store import Store
from adamrepro.runs.config import RunConfig
from adamrepro.runs.planning import group_key
from adamrepro.status.rates import Rates, examples_in_pass
from adamrepro.status.time_left import Duration, Pace, time_left
from adamrepro.training import Checkpoint


class State(StrEnum):
    """Where a run stands."""

    DONE = "done"
    DIVERGED = "diverged"
    RUNNING = "running"
    INTERRUPTED = "interrupted"  # it has a checkpoint, and no process
    MISSING = "missing"


@dataclass(frozen=True)
class Unfinished:
    """A population in training, or interrupted, and how far it has come."""

    state: State
    identity: str
    pace: Pace


@dataclass
class Tally:
    """Runs in each state, and the time that is left for them."""

    counts: Counter[State]
    left: Duration
    finished: dict[SettingsKey, str]
    """run_id of each finished run, by its settings."""

    @property
    def complete(self) -> bool:
        return self.counts.total() == self.counts[State.DONE] + self.counts[State.DIVERGED]


def tally(configs: Sequence[RunConfig], store: Store, rates: Rates) -> Tally:
    """Find out where these runs, whose results belong into `store`, stand."""
    # a row without the name that its run would have today is trained again
    finished = (row for row in finished_rows(store) if row["run_id"] == row_run_id(row))
    rows = {key_of(row): row for row in finished}
    started = {key: found for found, keys in unfinished_populations(store) for key in keys}
    distinct = {config.key: config for config in configs}
    counts: Counter[State] = Counter()
    waiting: dict[object, dict[SettingsKey, RunConfig]] = {}
    for key, config in distinct.items():
        if key in rows:
            counts[State(rows[key]["status"])] += 1
            continue
        counts[started[key].state if key in started else State.MISSING] += 1
        group = started[key].identity if key in started else group_key(config)
        waiting.setdefault(group, {})[key] = config
    names = {key: rows[key]["run_id"] for key in distinct if key in rows}
    paces = {key: found.pace for key, found in started.items()}
    return Tally(counts, time_left(waiting.values(), paces, rates), names)


def finished_rows(store: Store) -> Iterator[Row]:
    """Yield the rows of finished runs: first other budgets', which are taken over from there."""
    results, experiment = store.tables.parent.parent, store.tables.name
    for path in sorted(results.glob(f"*/{experiment}/runs.csv")):
        if is_stand_in(path.parts[-3]) is is_stand_in(store.table):
            yield from read_rows(path)
    for path in store.in_flight.glob("*.json"):
        if saved := store.saved(path.stem):
            yield saved[0]
    yield from read_rows(store.tables / "runs.csv")


def unfinished_populations(store: Store) -> Iterator[tuple[Unfinished, list[SettingsKey]]]:
    """Yield each population that is in training or was interrupted, and its members."""
    for identity, held, note in store.locks():
        checkpoint = Checkpoint(store.checkpoint_path(identity), identity)
        state = checkpoint.glance()
        if not (held or state) or not isinstance(note.get("runs"), list):
            continue
        members = [settings_of(run) for run in note["runs"]]
        passes = seconds = 0.0
        if state:
            in_pass = state["examples"] / examples_in_pass(members[0])
            passes, seconds = state["epoch"] + min(in_pass, 1.0), state["seconds"]
        kind = State.RUNNING if held else State.INTERRUPTED
        found = Unfinished(kind, identity, Pace(passes, seconds))
        yield found, [key_of(member) for member in members]


@dataclass(frozen=True)
class Round:
    """A line of the status: an experiment's grid or its confirmation, in one table.

    at_most: what confirms the grid is known once that is done; until then counts are the most it
    can be. no_data: the folder in which the data is missing, "" if it is there.
    """

    table: str
    experiment: str
    name: str
    counts: Counter[State]
    left: Duration
    at_most: bool
    no_data: str


def survey(experiment: Experiment, rates: Mapping[bool, Rates]) -> Iterator[Round]:
    """Yield an experiment's rounds, with its data and, where there are any, with stand-ins.

    rates: what was measured with data (False) and with stand-ins (True).
    """
    config = experiment.grid[0]
    root = Path(config.data.root).expanduser()
    no_data = "" if is_there(config.dataset, root) else str(root)
    stores = [
        Store(config.results_root, table, config.experiment) for table in both_tables(config.budget)
    ]
    used = [store for store in stores if store.tables.exists() or store.in_flight.exists()]
    if not no_data and stores[0] not in used:
        used.insert(0, stores[0])
    for store in used or stores[:1]:
        known = rates[is_stand_in(store.table)]
        grid = tally(experiment.grid, store, known)
        lacking = "" if is_stand_in(store.table) else no_data
        names = (store.table, config.experiment)
        yield Round(*names, "grid", grid.counts, grid.left, False, lacking)
        if experiment.seeds:
            confirmation, at_most = confirming(experiment, grid, store, known)
            counts, left = confirmation.counts, confirmation.left
            yield Round(*names, "confirmation", counts, left, at_most, lacking)


def confirming(
    experiment: Experiment, grid: Tally, store: Store, rates: Rates
) -> tuple[Tally, bool]:
    """Find out where the confirmation stands; True with it if its runs are not known yet."""
    if grid.complete:
        places = {grid.finished[c.key]: place for place, c in enumerate(experiment.grid)}
        if runs := experiment.confirmations(places):
            return tally(experiment.composed(runs), store, rates), False
    # a recovered and a tuned setting of each curve: any two of its grid take as long
    curves: dict[str, list[RunConfig]] = {}
    for config in experiment.grid:
        curves.setdefault(config.series, []).append(config)
    pairs = [pair for curve in curves.values() for pair in (curve[0], curve[-1])]
    configs = [replace(config, seed=seed) for config in pairs for seed in experiment.seeds]
    return tally(configs, store, rates), True
