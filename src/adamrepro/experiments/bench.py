"""An optimizer of somebody else's beside tuned Adam: what `adamrepro bench` trains.

Each task is an experiment of configs/experiment/bench. Adam and the class have grids of as many
settings, chosen from and confirmed alike, with the same initial parameters, minibatches and noise.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from adamrepro.errors import UserError, nearest
from adamrepro.experiments.compose import Composer
from adamrepro.experiments.experiment import Experiment
from adamrepro.experiments.overrides import Overrides, given, quote, written
from adamrepro.optim import Adam, ExternalSettings
from adamrepro.results.tasks import BASELINE, LR, TASKS

STEP_SIZES = 5
"""That a class is tried at, around its own default, unless the user names some."""

SET_HERE = (
    *("experiment", "budget", "results", "series", "role", "seed", "seeds.grid", "seeds.confirm"),
    *("optimizer", "optimizer.cls", "dataset", "model", "hydra/launcher", "hydra/sweeper"),
)
"""Keys that the command sets, or the task's file."""


def step_sizes(centre: float, count: int) -> list[float]:
    """Return step sizes around `centre`, to two digits.

    Up to five lie half a decade apart; more fill the decade on either side more densely.
    """
    reach = min(1.0, (count - 1) / 4)
    return [float(f"{centre * factor:.2g}") for factor in np.logspace(-reach, reach, count)]


def beside_adam(
    composer: Composer, path: str, settings: Sequence[str], task: str, common: Mapping[str, object]
) -> Experiment:
    """Return the runs of a class, and of Adam, on a task.

    path: of the class, as optimizer.cls takes it. settings: the user's; those under
    optimizer.kwargs are the class's alone, and may list values (a=1,2). common: what is set for all
    runs, the budget among it. Raises UserError for whatever cannot be trained.
    """
    own = [word for word in settings if word.lstrip("+").startswith("optimizer.kwargs.")]
    shared = [word for word in settings if word not in own]
    for key, value in given(shared).items():
        if key in SET_HERE or key.startswith("optimizer."):
            raise UserError(
                f"{key}={value}: bench sets this itself; optimizer.kwargs.* are the class's"
            )
    if len(composer.products(shared)) > 1:
        listed = next(word for word in shared if len(composer.products([word])) > 1)
        raise UserError(f"{listed}: expected one value; optimizer.kwargs.* may list several")
    shared += [f"{key}={text(value)}" for key, value in common.items()]
    shared += [f"experiment=bench/{task}"]
    external = [*shared, "optimizer=external", f"optimizer.cls={quote(path)}"]
    grid = composer.products(own)
    if LR not in given(own):
        optimizer = composer.run_config([*external, *grid[0]]).optimizer
        assert isinstance(optimizer, ExternalSettings)
        if optimizer.lr is not None:
            steps = step_sizes(optimizer.lr, STEP_SIZES)
            grid = [[*words, f"++{LR}={lr}"] for words in grid for lr in steps]
    adam = [f"optimizer.alpha={alpha}" for alpha in step_sizes(Adam().alpha, len(grid))]
    users: list[Overrides] = [[*shared, f"series={quote(BASELINE)}", alpha] for alpha in adam]
    experiment = Experiment(composer, [*users, *([*external, *words] for words in grid)])
    experiment.grid  # noqa: B018, every setting is checked here
    return experiment


def text(value: object) -> str:
    """Write a value as Hydra's override grammar reads it."""
    return quote(value) if isinstance(value, str) else written(value)


def known_tasks(names: Sequence[str]) -> list[str]:
    """Check names of tasks; all of them if there are none."""
    for name in names:
        if name not in TASKS:
            raise UserError(f"--task {name}: no such task; {nearest(name, TASKS)}")
    return [name for name in TASKS if name in names] or list(TASKS)
