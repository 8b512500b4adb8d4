"""An experiment's runs: what the sweeper trains is what the status looks for."""

from collections.abc import Iterator

import pytest

from adamrepro.errors import UserError
from adamrepro.experiments.compose import Composer
from adamrepro.experiments.experiment import Experiment, experiments_of
from commandline import composed, composer, run_config


@pytest.fixture(name="composer")
def composer_of_the_configs() -> Iterator[Composer]:
    with composer() as found:
        yield found


def experiment(composer: Composer, *user: str) -> Experiment:
    return Experiment(composer, [["experiment=fig1a", "budget=smoke", *user]])


def test_the_users_values_come_after_the_budgets(composer: Composer) -> None:
    def epochs(*user: str) -> set[int]:
        return {config.training.epochs for config in experiment(composer, *user).grid}

    assert epochs() == {3}
    assert epochs("training.epochs=7") == {7}
    assert epochs("training={epochs: 8}") == {8}
    assert epochs("budgets.smoke={training.epochs: 9}") == {9}
    for user, expected in (([], 3), (["training.epochs=7"], 7), (["++training.epochs=6"], 6)):
        single = run_config("experiment=fig1a", "budget=smoke", *user)
        assert single.training.epochs == expected
    # of a budget that sets nothing, the file's own
    assert run_config("experiment=fig1a", "budget=full").training.epochs == 46


def test_a_sweeps_values_come_after_the_budgets(composer: Composer) -> None:
    user = ["experiment=fig2b", "budget=search", "series=Adam"]
    search = Experiment(composer, [[*user, "++budgets.search={training.l2: 0.5}"]])
    assert {config.training.l2 for config in search.grid} == {0.0, 1e-5}


@pytest.mark.parametrize(
    ("user", "seeds"),
    [
        ([], [1]),
        (["seeds.confirm=[7,8]"], [7, 8]),
        (["seeds.confirm=[]"], []),
        (["budgets.smoke={seeds.confirm: []}"], []),
        (["seed=5"], []),
        (["budget=search", "seeds.confirm=[7]"], []),
        (["series=Adam", "optimizer.alpha=1"], [1]),
    ],
)
def test_what_is_confirmed(user: list[str], seeds: list[int], composer: Composer) -> None:
    found = experiment(composer, *user)
    assert found.seeds == seeds
    assert found.confirmations({}) == []


def test_figure_4_draws_every_point_and_confirms_none(composer: Composer) -> None:
    found = Experiment(composer, [["experiment=fig4", "budget=smoke", "seeds.confirm=[1]"]])
    assert found.seeds == []
    assert len(found.grid) == 8


def test_listed_values_are_one_batch_and_other_budgets_another(composer: Composer) -> None:
    def user(*values: str) -> list[str]:
        return ["experiment=fig1a", "series=Adam", *values]

    users = [
        user("budget=smoke", "optimizer.alpha=1"),
        user("budget=smoke", "optimizer.alpha=2"),
        user("budget=quick", "optimizer.alpha=1"),
        ["model=mlp"],
    ]
    found, others = experiments_of(composer, users)
    assert [len(each.overrides) for each in found] == [2, 1]
    assert [each.budget for each in found] == ["smoke", "quick"]
    assert others == [["model=mlp"]]


@pytest.mark.parametrize("how", [[], ["experiment=fig1a"]])
def test_an_unknown_budget_is_named_with_the_known_ones(how: list[str]) -> None:
    known = r"budget=medium: no such budget; .*known: full, quick, search, smoke"
    with pytest.raises(UserError, match=known):
        composed(*how, "budget=medium")
