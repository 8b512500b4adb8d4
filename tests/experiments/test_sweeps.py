"""From an experiment's sweeps to jobs."""

import itertools
from typing import Any

import pytest

from adamrepro.errors import UserError
from adamrepro.experiments.sweeps import confirm, expand, grid_of, select
from adamrepro.runs.config import to_run_config
from commandline import composed

EXPERIMENT: dict[str, Any] = {
    "sweeps": {
        "Adam": {
            "overrides": ["optimizer=adam"],
            "grid": {
                "smoke": {"optimizer.alpha": [0.1]},
                "quick": {"optimizer.alpha": [0.1, 0.2], "optimizer.beta1": [0.0, 0.9]},
                "full": {"optimizer.alpha": [0.1, 0.2, 0.3]},
            },
        },
        "AdaGrad+dropout": {
            "overrides": ["optimizer=adagrad", "model.dropout_input=0.5"],
            "grid": {"full": {"optimizer.alpha": [1, None, True]}},
        },
    },
    "open_settings": {
        "order": {"a": ["training.order=shuffled"], "b": ["training.order=fixed"]},
        "t": {
            "steps": ["schedule.unit=steps"],
            "none": {"overrides": ["schedule=constant"], "series": ["Adam"]},
        },
    },
}


def jobs(*user: str, budget: str = "quick", seeds: tuple[int, ...] = (0,)) -> list[list[str]]:
    return expand(EXPERIMENT, user, budget, seeds)


def of(key: str, found: list[list[str]]) -> list[str]:
    """The value that counts, the last one, of a key in every job."""
    return [[o.partition("=")[2] for o in job if o.partition("=")[0] == key][-1] for job in found]


def test_every_optimizer_has_its_own_grid() -> None:
    found = jobs()
    adam = [job for job in found if "series='Adam'" in job]
    values = [(of("optimizer.alpha", [job])[0], of("optimizer.beta1", [job])[0]) for job in adam]
    assert values == list(itertools.product(["0.1", "0.2"], ["0.0", "0.9"]))
    dropout = [job for job in found if "series='AdaGrad+dropout'" in job]
    assert all("model.dropout_input=0.5" in job for job in dropout)
    assert len(adam) + len(dropout) == len(found) == 7


def test_a_budget_without_a_grid_takes_the_next_larger_ones() -> None:
    assert of("optimizer.alpha", jobs(budget="full")[:3]) == ["0.1", "0.2", "0.3"]
    assert grid_of(EXPERIMENT["sweeps"]["Adam"], "medium") == {"optimizer.alpha": [0.1, 0.2, 0.3]}
    dropout = EXPERIMENT["sweeps"]["AdaGrad+dropout"]
    assert grid_of(dropout, "smoke") == grid_of(dropout, "full") != {}
    assert grid_of({"grid": {"smoke": {"a": [1]}, "quick": {"a": [2]}}}, "full") == {"a": [2]}
    assert grid_of({}, "full") == {}


def test_values_are_written_as_the_command_line_wants_them() -> None:
    dropout = [job for job in jobs() if "series='AdaGrad+dropout'" in job]
    assert of("optimizer.alpha", dropout) == ["1", "null", "true"]


def test_every_job_has_its_labels_and_a_seed_of_the_grid() -> None:
    for job in jobs(seeds=(3, 4)):
        assert "reading=''" in job
        assert "role=grid" in job
    assert sorted(of("seed", jobs(seeds=(3, 4)))) == ["3"] * 7 + ["4"] * 7


def test_the_users_values_win() -> None:
    """A key that the user sets is no longer swept, and stands last."""
    found = jobs("optimizer.alpha=7", "training.l2=1")
    assert set(of("optimizer.alpha", found)) == {"7"}
    assert len(found) == 3
    assert all(job[-2:] == ["optimizer.alpha=7", "training.l2=1"] for job in found)
    assert set(of("seed", jobs("seed=9", seeds=(0, 1)))) == {"9"}
    assert len(jobs("seed=9", seeds=(0, 1))) == 7
    assert len(jobs("++optimizer.alpha=7")) == 3


@pytest.mark.parametrize(
    "user",
    ["series=Adam", "series='Adam'", 'series="Adam"', "optimizer=adam"],
)
def test_one_curve(user: str) -> None:
    assert set(of("optimizer", jobs(user))) == {"adam"}
    assert len(jobs(user)) == 4


def test_one_curve_with_a_plus_in_its_name() -> None:
    assert len(jobs("series=AdaGrad+dropout")) == 3
    assert select(EXPERIMENT["sweeps"], ["series=Adam", "optimizer.alpha=1"]).keys() == {"Adam"}


def test_an_unknown_curve_is_named_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"series=Adm: no such curve.*Adam, AdaGrad\+dropout"):
        jobs("series=Adm")


def test_an_optimizer_without_a_sweep_is_a_curve_of_its_own() -> None:
    (job,) = jobs("optimizer=adamax", "optimizer.alpha=0.1")
    assert "series='adamax'" in job
    assert of("optimizer", [job]) == ["adamax"]
    assert of("seed", [job]) == ["0"]


def test_search_is_the_product_of_the_open_settings() -> None:
    found = jobs(budget="search")
    adam = [job for job in found if "series='Adam'" in job]
    readings = set(of("reading", adam))
    assert readings == {f"'order: {o}; t: {t}'" for o in "ab" for t in ("steps", "none")}
    assert len(adam) == 4 * 3  # times the grid, that of the full budget
    for job in adam:
        fixed = "order: b" in of("reading", [job])[0]
        assert ("training.order=fixed" in job) == fixed
        assert ("schedule=constant" in job) == ("t: none" in of("reading", [job])[0])
    dropout = [job for job in found if "AdaGrad" in of("series", [job])[0]]
    assert set(of("reading", dropout)) == {"'order: a; t: steps'", "'order: b; t: steps'"}


def test_without_open_settings_search_is_the_grid() -> None:
    closed = {"sweeps": EXPERIMENT["sweeps"]}
    assert expand(closed, [], "search", [0]) == expand(closed, [], "full", [0])
    assert expand({**closed, "open_settings": None}, [], "search", [0])


def test_confirmation_is_the_same_job_with_other_seeds() -> None:
    job = jobs("training.l2=1")[0]
    found = confirm(job, [5, 6])
    assert of("seed", found) == ["5", "6"]
    assert of("role", found) == ["confirm", "confirm"]
    for confirmed in found:
        assert set(job) - set(confirmed) == {"role=grid", "seed=0"}
    assert confirm(job, []) == []


def test_a_real_experiments_jobs_compose_with_the_users_choice_of_optimizer() -> None:
    """A group chosen twice, by the sweep and by the user, is no conflict for Hydra."""
    experiment: Any = composed("experiment=fig1a", "budget=smoke")
    user = ["experiment=fig1a", "budget=smoke", "optimizer=adam", "optimizer.alpha=0.5"]
    (job,) = expand(experiment, user, "smoke", [0])
    config = to_run_config(composed(*job))
    assert (config.optimizer.name, config.optimizer.alpha) == ("adam", 0.5)
    assert (config.series, config.budget, config.role) == ("Adam", "smoke", "grid")
