"""The verdict on a class beside tuned Adam: a page and a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import pandas as pd

from adamrepro.beyond.bench import Standing, Tuning
from adamrepro.claims.effects import MEASURES
from adamrepro.claims.interval import long_table
from adamrepro.errors import counted
from adamrepro.results import markdown
from adamrepro.results.schema import Tables

_ABOUT = """\
Both were trained at equally many settings with one seed (of Adam, step sizes at the paper's beta1,
beta2 and eps); the one with the lowest training cost after the last pass was chosen, and trained
with other seeds, of which these numbers are. Runs of a seed share initial parameters, minibatches
and noise. How far the training cost of {name} lies above
that of {than} is in dex (0.01 is 2.3 %, below 0 is better), with Student's t interval (95 %) over
seeds: better or worse if the whole interval lies beyond 1 % (0.0043 dex), alike if all of it lies
within, undecided otherwise. What a step size between those of the grid would change is not in the
interval. A run that diverged counts as being where it started.
"""

_TUNING = """\
Sensitivity is how far the costs after the last pass of all settings of the grid (one seed) lie
above the lowest of them, on average: 0 if it does not matter which is taken.
"""

_LEFT_OUT = (
    "The ConvNet of Figure 3 is left out: as many runs of it, of one pass each, would take about "
    "as long as all of these.\n"
)

TEST = {"test_error": "test error, %", "test_nll": "test cost, nats"}
_SCALE = {"test_error": 100.0, "test_nll": 1.0}


def table(standings: Sequence[Standing]) -> pd.DataFrame:
    """A row per task and measure, those of the test set among them: mean, low and high."""
    rows = (
        ((of.task, of.passes, of.seeds, measure), interval, of.verdicts.get(measure, ""))
        for of in standings
        for measure, interval in of.measured.items()
    )
    return long_table(["task", "passes", "seeds", "measure"], rows, "verdict")


def page(
    path: str, name: str, than: str, standings: Sequence[Standing], tables: Sequence[Tables]
) -> str:
    """The whole page, Markdown; the picture lies beside it.

    path: of the class, whose series is `name`. tables: of which the standings are.
    """
    parts = [
        f"# {name} beside {than}\n",
        f"{code(path, name, tables)}\n",
        f"{verdict(name, than, standings)}\n",
        f"![Costs over the passes, and after the last one by step size]({name}.png)\n",
        markdown.table(head(name, than, standings), [list(cells(found)) for found in standings]),
        _ABOUT.format(name=name, than=than),
        "## How they were tuned\n",
        markdown.table(
            ["task", "optimizer", "settings", "chosen", "sensitivity, dex", "diverged"],
            [
                [found.task, series, *tuned(of)]
                for found in standings
                for series, of in found.tuning.items()
            ],
        ),
        _TUNING,
        *edges(standings),
        _LEFT_OUT,
    ]
    return "\n".join(parts)


def code(path: str, name: str, tables: Sequence[Tables]) -> str:
    """Say what was compared, on which data, and what it took."""
    runs = pd.concat([each.runs for each in tables])
    (made_of,) = runs.loc[runs["series"] == name, "optimizer.code"].unique()
    minutes = runs["cpu_seconds"].sum() / 60
    took = f"{counted(len(runs), 'run')}, {minutes:.1f} minutes of the processor"
    text = f"`{path}` ({made_of}): {took}."
    if others := sorted(set(runs["data_source"]) - {"canonical"}):
        text += f" **Data: {', '.join(others)}, not the canonical files.**"
    return text


def verdict(name: str, than: str, standings: Sequence[Standing]) -> str:
    """Count in a sentence the tasks on which it is better, alike, worse or undecided."""
    parts = []
    for measure in MEASURES:
        counts = Counter(found.verdicts[measure] for found in standings)
        said = ", ".join(f"{word} on {number}" for word, number in counts.most_common())
        parts.append(f"{measure} {said}")
    return f"**Of {len(standings)} tasks, {name} is {'; '.join(parts)} than {than}.**"


def head(name: str, than: str, standings: Sequence[Standing]) -> list[str]:
    return ["task", *MEASURES, "rank", "test", f"{name} / {than}", "difference"]


def cells(found: Standing) -> Iterator[str]:
    """The row of a task."""
    yield found.task
    for measure, interval in found.dex.items():
        yield f"**{found.verdicts[measure]}** {interval}"
    yield f"{found.rank} at the end, 1 in {found.leads} of {found.passes} passes"
    scale = _SCALE[found.test_of]
    yield TEST[found.test_of]
    yield " / ".join(f"{scale * value:.4g}" for value in found.test)
    yield test_gap(found)


def test_gap(found: Standing) -> str:
    """How far its mean of TEST lies above the other's, in the units of that."""
    return str(found.test_gap.times(_SCALE[found.test_of]))


def tuned(of: Tuning) -> tuple[str, ...]:
    chosen = (of.chosen or "its default") + (", at the edge" if of.at_edge else "")
    return str(of.settings), chosen, f"{of.sensitivity:.3g}", str(of.diverged)


def edges(standings: Sequence[Standing]) -> Iterator[str]:
    """Say what to do where a setting was chosen at the edge of its grid."""
    found = [
        f"{series} ({standing.task})"
        for standing in standings
        for series, of in standing.tuning.items()
        if of.at_edge
    ]
    if found:
        yield (
            f"Chosen at the edge of the grid, so that others may be better: {', '.join(found)}. "
            "Other step sizes of the class: `optimizer.kwargs.lr=...`; Adam gets as many.\n"
        )
