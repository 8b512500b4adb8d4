"""What is wrong with an experiment's file is told by its key, before a run is composed."""

from copy import deepcopy
from typing import Any

import pytest
from omegaconf import OmegaConf

from adamrepro.errors import UserError
from adamrepro.experiments.budgets import apply_budget
from adamrepro.experiments.checks import check_experiment, check_name

GOOD: dict[str, Any] = {
    "budgets": {"smoke": {}, "quick": {}, "search": {}, "full": {}},
    "seeds": {"grid": [0], "confirm": [1, 2]},
    "sweeps": {
        "Adam": {
            "overrides": ["optimizer=adam"],
            "grid": {"quick": {"optimizer.alpha": [0.1, 0.01]}, "full": {}},
        },
        "AdaGrad": None,
    },
    "open_settings": {"order": {"fixed": ["training.order=fixed"]}},
}


def test_a_good_one_passes() -> None:
    check_experiment(GOOD)


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        ("seeds.confirm", 3, r"seeds\.confirm=3: expected a list of whole numbers"),
        ("seeds.grid", ["a"], r"seeds\.grid=\['a'\]: expected a list of whole numbers"),
        ("sweeps", [{"Adam": {}}], r"sweeps=.*expected settings, as in \{NAME"),
        ("sweeps.Adam", ["optimizer=adam"], r"sweeps\.Adam=.*expected settings"),
        ("sweeps.Adam.grd", {}, r"sweeps\.Adam\.grd: no such key; did you mean grid\?"),
        ("sweeps.Adam.overrides", "optimizer=adam", r"expected a list of settings"),
        ("sweeps.Adam.overrides", ["adam"], r"sweeps\.Adam\.overrides=\['adam'\]: expected a list"),
        ("sweeps.Adam.grid", [1], r"sweeps\.Adam\.grid=\[1\]: expected settings"),
        ("sweeps.Adam.grid.quik", {}, r"grid\.quik: no such budget; did you mean quick\?"),
        ("sweeps.Adam.grid.quick", [0.1], r"grid\.quick=\[0\.1\]: expected settings"),
        ("sweeps.Adam.grid.quick", {"optimizer.alpha": 0.1}, r"alpha=0\.1: expected a list of"),
        ("sweeps.Adam.grid.quick", {"optimizer.alpha": []}, r"alpha=\[\]: expected a list of"),
        ("open_settings.order", ["fixed"], r"open_settings\.order=.*expected settings"),
        ("open_settings.order", {"fixed": "x=1"}, r"order\.fixed=x=1: expected a list of settings"),
    ],
)
def test_each_fault_is_named(where: str, value: Any, message: str) -> None:
    bad = deepcopy(GOOD)
    *path, last = where.split(".")
    place = bad
    for key in path:
        place = place[key]
    place[last] = value
    with pytest.raises(UserError, match=message):
        check_experiment(bad)


@pytest.mark.parametrize("name", ["../../published/quick/fig1a", "a/b", "", 5])
def test_a_name_is_no_path(name: object) -> None:
    with pytest.raises(UserError, match=r"^experiment=.*: expected a name of letters"):
        check_name(name, [])


def test_an_experiment_is_called_as_its_file() -> None:
    check_name("bench_mlp", ["experiment=bench/mlp", "seed=0"])
    check_name("adhoc", ["experiment=null"])
    with pytest.raises(UserError, match=r"experiment=fig1a: expected mine, as its file is called"):
        check_name("fig1a", ["experiment=mine"])
    with pytest.raises(UserError, match="@package _global_"):
        check_name({"training": {}}, ["experiment=mine"])


@pytest.mark.parametrize(
    ("budgets", "message"),
    [
        ({"quick": {}, "smok": {}}, r"budgets\.smok: no such budget; did you mean smoke\?"),
        ({"quick": 3}, r"budgets\.quick=3: expected settings, as in"),
    ],
)
def test_budgets_are_rows_of_settings(budgets: dict[str, Any], message: str) -> None:
    config = OmegaConf.create({"budget": "quick", "budgets": budgets})
    with pytest.raises(UserError, match=message):
        apply_budget(config, [])
