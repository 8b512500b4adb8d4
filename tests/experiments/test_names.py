"""Experiments by the names of their files and of their results."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from adamrepro.errors import UserError
from adamrepro.experiments.names import config_of, of_the_paper
from adamrepro.paths import CONFIGS

FILES = sorted((CONFIGS / "experiment").rglob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_says_what_its_results_are_called(path: Path) -> None:
    place = path.relative_to(CONFIGS / "experiment").with_suffix("")
    name = "_".join(place.parts)
    assert OmegaConf.load(path)["experiment"] == name
    assert config_of(name) == config_of(place.as_posix()) == place.as_posix()


def test_the_paper_has_six() -> None:
    assert of_the_paper() == ["fig1a", "fig1b", "fig2a", "fig2b", "fig3", "fig4"]


def test_an_unknown_one_is_named() -> None:
    with pytest.raises(UserError, match=r"fig4a: no such experiment; did you mean fig4\?"):
        config_of("fig4a")
