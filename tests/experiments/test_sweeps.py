"""From an experiment's sweeps to runs."""

import itertools
from typing import Any

import pytest

from adamrepro.errors import UserError
from adamrepro.experiments.overrides import setting
from adamrepro.experiments.sweeps import confirm, expand, grid_of, select
from adamrepro.runs.config import to_run_config
from commandline import composed, composer

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


def runs(*user: str, budget: str = "quick", seeds: tuple[int, ...] = (0,)) -> list[list[str]]:
    return expand(EXPERIMENT, user, budget, seeds)


def of(key: str, found: list[list[str]]) -> list[str]:
    """The value that counts, the last one, of a key in every run."""
    return [[o.partition("=")[2] for o in run if o.partition("=")[0] == key][-1] for run in found]


def test_every_optimizer_has_its_own_grid() -> None:
    found = runs()
    adam = [run for run in found if "series='Adam'" in run]
    values = [(of("optimizer.alpha", [run])[0], of("optimizer.beta1", [run])[0]) for run in adam]
    assert values == list(itertools.product(["0.1", "0.2"], ["0.0", "0.9"]))
    dropout = [run for run in found if "series='AdaGrad+dropout'" in run]
    assert all("model.dropout_input=0.5" in run for run in dropout)
    assert len(adam) + len(dropout) == len(found) == 7


def test_a_budget_without_a_grid_takes_the_next_larger_ones() -> None:
    assert of("optimizer.alpha", runs(budget="full")[:3]) == ["0.1", "0.2", "0.3"]
    only_larger = {"grid": {"full": {"a": [1]}, "smoke": {"a": [2]}}}
    assert grid_of(only_larger, "quick") == {"a": [1]}
    dropout = EXPERIMENT["sweeps"]["AdaGrad+dropout"]
    assert grid_of(dropout, "smoke") == grid_of(dropout, "full") != {}
    assert grid_of({"grid": {"smoke": {"a": [1]}, "quick": {"a": [2]}}}, "full") == {"a": [2]}
    assert grid_of({}, "full") == {}


def test_values_are_written_as_the_command_line_wants_them() -> None:
    dropout = [run for run in runs() if "series='AdaGrad+dropout'" in run]
    assert of("optimizer.alpha", dropout) == ["1", "null", "true"]


def test_every_job_has_its_labels_and_a_seed_of_the_grid() -> None:
    for run in runs(seeds=(3, 4)):
        assert "reading=''" in run
        assert "role=grid" in run
    assert sorted(of("seed", runs(seeds=(3, 4)))) == ["3"] * 7 + ["4"] * 7


def test_the_users_values_win() -> None:
    """A key that the user sets is no longer swept, and stands last."""
    found = runs("optimizer.alpha=7", "training.l2=1")
    assert set(of("optimizer.alpha", found)) == {"7"}
    assert len(found) == 3
    assert all(run[-2:] == ["optimizer.alpha=7", "training.l2=1"] for run in found)
    assert set(of("seed", runs("seed=9", seeds=(0, 1)))) == {"9"}
    assert len(runs("seed=9", seeds=(0, 1))) == 7
    assert len(runs("++optimizer.alpha=7")) == 3


@pytest.mark.parametrize("signs", ["", "++"])
@pytest.mark.parametrize(
    ("seed", "role"), [("0", "grid"), ("9", "grid"), ("1", "confirm"), ("3", "confirm")]
)
def test_a_seed_that_confirms_does_so_whoever_asks_for_it(signs: str, seed: str, role: str) -> None:
    """Else settings would later be chosen on seeds that are to confirm them."""
    confirmed = {**EXPERIMENT, "seeds": {"grid": [0], "confirm": [1, 3]}}
    found = expand(confirmed, [f"{signs}seed={seed}"], "quick", [0])
    assert set(of("role", found)) == {role}
    assert {run[-1] for run in confirm(found[0], [4])} == {"seed=4"}
    assert not any("seed=" in each for each in confirm(found[0], [4])[0][:-1])


@pytest.mark.parametrize("signs", ["", "+", "++"])
@pytest.mark.parametrize("quotes", ["", "'", '"'])
@pytest.mark.parametrize(("key", "value"), [("series", "Adam"), ("optimizer", "adam")])
def test_one_curve(signs: str, quotes: str, key: str, value: str) -> None:
    found = runs(f"{signs}{key}={quotes}{value}{quotes}")
    assert {run[0] for run in found} == {"optimizer=adam"}
    assert len(found) == 4


def test_one_curve_with_a_plus_in_its_name() -> None:
    assert len(runs("series=AdaGrad+dropout")) == 3
    assert select(EXPERIMENT["sweeps"], ["series=Adam", "optimizer.alpha=1"]).keys() == {"Adam"}


def test_a_budget_can_leave_a_curve_out() -> None:
    fewer = {"sweeps": {**EXPERIMENT["sweeps"], "AdaGrad+dropout": None}}
    assert set(of("series", expand(fewer, [], "quick", [0]))) == {"'Adam'"}
    with pytest.raises(UserError, match="series=AdaGrad"):
        expand(fewer, ["series=AdaGrad+dropout"], "quick", [0])


def test_an_unknown_curve_is_named_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"series=Adm: no such curve.*Adam, AdaGrad\+dropout"):
        runs("series=Adm")


def test_an_optimizer_without_a_sweep_is_a_curve_of_its_own() -> None:
    (run,) = runs("optimizer=adamax", "optimizer.alpha=0.1")
    assert "series='adamax'" in run
    assert of("optimizer", [run]) == ["adamax"]
    assert of("seed", [run]) == ["0"]


def test_such_a_curve_is_called_as_the_user_says() -> None:
    (run,) = runs("optimizer=adamax", "series=Mine")
    assert of("series", [run]) == ["Mine"]
    with pytest.raises(UserError, match=r"series=Mine: no such curve; known: Adam$"):
        runs("optimizer=adam", "series=Mine")


@pytest.mark.parametrize("own", [["series=Adam"], ["optimizer.cls=mine.py:Adam"]])
def test_such_a_curve_is_not_called_as_one_of_the_experiment(own: list[str]) -> None:
    said = r"^series=Adam: the experiment's own curve; .* optimizer=external, as in series=MyAdam$"
    with pytest.raises(UserError, match=said):
        runs("optimizer=external", *own)


@pytest.mark.parametrize(
    "path", ["/a,b", "/a=b", "/jos\u00e9's (1)", "/a[1]", "/a#b&c~d", "/a b", "$x"]
)
def test_a_folder_may_be_called_anything(path: str) -> None:
    with composer() as configs:
        assert configs.whole([setting("results", path)]).results == path


def test_search_is_the_product_of_the_open_settings() -> None:
    found = runs(budget="search")
    adam = [run for run in found if "series='Adam'" in run]
    readings = set(of("reading", adam))
    assert readings == {f"'order: {o}; t: {t}'" for o in "ab" for t in ("steps", "none")}
    assert len(adam) == 4 * 3  # times the grid, that of the full budget
    for run in adam:
        fixed = "order: b" in of("reading", [run])[0]
        assert ("training.order=fixed" in run) == fixed
        assert ("schedule=constant" in run) == ("t: none" in of("reading", [run])[0])
    dropout = [run for run in found if "AdaGrad" in of("series", [run])[0]]
    assert set(of("reading", dropout)) == {"'order: a; t: steps'", "'order: b; t: steps'"}


def test_one_reading_of_a_search() -> None:
    found = runs("reading='order: a; t: steps'", budget="search")
    assert set(of("reading", found)) == {"'order: a; t: steps'"}
    assert all("training.order=shuffled" in run for run in found)


def test_without_open_settings_search_is_the_grid() -> None:
    closed = {"sweeps": EXPERIMENT["sweeps"]}
    assert expand(closed, [], "search", [0]) == expand(closed, [], "full", [0])
    assert expand({**closed, "open_settings": None}, [], "search", [0])


def test_confirmation_is_the_same_job_with_other_seeds() -> None:
    run = runs("training.l2=1")[0]
    found = confirm(run, [5, 6])
    assert of("seed", found) == ["5", "6"]
    assert of("role", found) == ["confirm", "confirm"]
    for confirmed in found:
        assert set(run) - set(confirmed) == {"role=grid", "seed=0"}
    assert confirm(run, []) == []


def test_a_real_experiments_jobs_compose_with_the_users_choice_of_optimizer() -> None:
    """A group chosen twice, by the sweep and by the user, is no conflict for Hydra."""
    experiment: Any = composed("experiment=fig1a", "budget=smoke")
    user = ["experiment=fig1a", "budget=smoke", "optimizer=adam", "optimizer.alpha=0.5"]
    (run,) = expand(experiment, user, "smoke", [0])
    config = to_run_config(composed(*run))
    assert (config.optimizer.name, config.optimizer.alpha) == ("adam", 0.5)
    assert (config.series, config.budget, config.role) == ("Adam", "smoke", "grid")
