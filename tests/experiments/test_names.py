"""Experiments by the names of their files and of their results."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from adamrepro import paths
from adamrepro.errors import UserError
from adamrepro.experiments.names import config_of, datasets_of
from adamrepro.paths import CONFIGS
from adamrepro.results.reference import EXPERIMENTS

FILES = sorted((CONFIGS / "experiment").rglob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_says_what_its_results_are_called(path: Path) -> None:
    place = path.relative_to(CONFIGS / "experiment").with_suffix("")
    name = "_".join(place.parts)
    assert OmegaConf.load(path)["experiment"] == name
    assert config_of(name) == config_of(place.as_posix()) == place.as_posix()


def test_experiments_of_the_paper_lie_on_top_and_have_panels() -> None:
    on_top = [name for name in paths.experiments().values() if "/" not in name]
    assert sorted(EXPERIMENTS) == on_top


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["fig3"], ["cifar10"]),
        (["fig1a", "fig1b"], ["imdb", "mnist"]),
        (["after_adam/vae"], ["mnist"]),
    ],
)
def test_the_data_that_experiments_train_on(names: list[str], found: list[str]) -> None:
    assert datasets_of(names) == found


@pytest.mark.parametrize(
    ("defaults", "found"),
    [
        ("", ["mnist"]),
        ("defaults:\n  - other-base\n", ["imdb"]),
        ("defaults:\n  - /experiment/other-base\n", ["imdb"]),
        ("defaults:\n  - override /dataset: cifar10\n", ["cifar10"]),
        ("defaults:\n- override /dataset: cifar10\n", ["cifar10"]),
        ("defaults: [{override /dataset: cifar10}, _self_]\n", ["cifar10"]),
        ("defaults:\n  - 'other-base'\nsweeps:\n  - dataset: cifar10\n", ["imdb"]),
    ],
)
def test_data_chosen_by_default_or_by_another_file(
    defaults: str, found: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adamrepro.paths.CONFIGS", tmp_path)
    for name in ("mnist", "imdb", "cifar10"):
        (tmp_path / "dataset").mkdir(exist_ok=True)
        (tmp_path / "dataset" / f"{name}.yaml").touch()
    (tmp_path / "config.yaml").write_text("defaults:\n  - _self_\n  - dataset: mnist\n")
    (tmp_path / "experiment").mkdir()
    other = "defaults:\n  - override /dataset: imdb\n"
    (tmp_path / "experiment" / "other-base.yaml").write_text(other)
    (tmp_path / "experiment" / "mine.yaml").write_text(defaults)
    assert datasets_of(["mine"]) == found


def test_an_unknown_one_is_named() -> None:
    with pytest.raises(UserError, match=r"fig4a: no such experiment; did you mean fig4\?"):
        config_of("fig4a")
