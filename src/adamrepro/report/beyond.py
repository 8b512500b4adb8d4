"""Beyond the paper: details that may matter, and rules that came after Adam."""

from __future__ import annotations

from collections.abc import Iterator

from adamrepro.beyond import after_adam, matter
from adamrepro.claims.effects import MEASURES
from adamrepro.report.sources import Sources
from adamrepro.report.tables import Table, Topic
from adamrepro.results.damage import DAMAGE, told
from adamrepro.results.tasks import TASKS

_MATTER = (
    "How far the training cost of the first lies above that of the second, in dex: 95 % interval "
    "over seeds that share initial parameters, minibatches and noise."
)
_AFTER = (
    "How far a rule's training cost lies above that of tuned Adam, in dex, each at the best of "
    "equally many step sizes: 95 % interval over seeds."
)


def topics(sources: Sources) -> Iterator[Topic]:
    """What there are tables for; the others say how to train them."""
    yield from details(sources)
    yield from later_rules(sources)


def details(sources: Sources) -> Iterator[Topic]:
    """The pairs of `matter`, a row per pair and task."""
    title, folder = "Details in which implementations differ", sources.folder
    tasks = matter.MATTER_TASKS
    own = {name: sources.tables[name] for name in tasks if name in sources.tables}
    if not own:
        yield Topic(title, notes=[_train("matter/logistic", sources.budget)])
        return
    try:
        rows = [
            [
                *(effect.question.title, tasks[effect.task], effect.series, effect.than),
                *(f"{effect.dex[of]}: {effect.answers[of]}" for of in MEASURES),
                str(effect.seeds),
            ]
            for effect in matter.effects(own)
        ]
    except DAMAGE as error:
        yield Topic(title, notes=[told(folder, error)])
        return
    columns = ["detail", "task", "first", "second", *MEASURES, "seeds"]
    yield Topic(title, _MATTER, Table(columns, rows))


def later_rules(sources: Sources) -> Iterator[Topic]:
    """The rules of `after_adam`, from the lowest cost to the highest, a table per task."""
    title = "After Adam"
    there = [name for name in TASKS if f"after_adam_{name}" in sources.tables]
    if not there:
        yield Topic(title, notes=[_train("after_adam/logistic", sources.budget)])
    for name in there:
        task, folder = TASKS[name], f"after_adam_{name}"
        try:
            found = after_adam.ranking(task, sources.tables[folder])
        except DAMAGE as error:
            yield Topic(f"{title}: {task}", notes=[told(sources.folder / folder, error)])
        else:
            yield Topic(f"{title}: {task}", _AFTER, ranks_of(found))


def ranks_of(found: after_adam.Ranking) -> Table:
    """A row per rule."""
    rows = []
    for rule, rank in found.at_the_end.items():
        of = found.standings.get(rule)
        cells = [f"{of.verdicts[name]} {of.dex[name]}" if of else "" for name in MEASURES]
        tuning = found.optimizers[rule].tuning
        rows.append([str(rank), rule, *cells, tuning.chosen, f"{tuning.sensitivity:.3g}"])
    return Table(["rank", "rule", *MEASURES, "step size", "sensitivity, dex"], rows)


def _train(experiment: str, budget: str) -> str:
    return f"Not trained: adamrepro train -m experiment={experiment} budget={budget}"
