"""A folder of the user's own configs, beside the suite's."""

from pathlib import Path

import pytest

from adamrepro import paths
from adamrepro.cli.overrides import check_own_configs
from adamrepro.errors import UserError
from commandline import train


@pytest.mark.parametrize("name", ["experiment/fig1a.yaml", "experiment/matter/vae.yaml"])
@pytest.mark.parametrize("option", ["--config-dir", "-cd", "--config-dir="])
def test_a_file_called_as_one_of_the_suites_is_refused(
    name: str, option: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text((paths.CONFIGS / name).read_text())
    words = [f"{option}{tmp_path}"] if option.endswith("=") else [option, str(tmp_path)]
    with pytest.raises(UserError, match=f"^{path}: the suite has a {name} too"):
        check_own_configs(["-m", *words, "experiment=fig1a"])
    path.rename(path.with_stem("mine"))
    check_own_configs(["-m", *words, "experiment=mine"])


def test_without_a_folder_or_with_the_suites_nothing_is_refused() -> None:
    check_own_configs(["-m", "experiment=fig1a", "optimizer.alpha=0.1"])
    check_own_configs(["--config-dir", str(paths.CONFIGS), "experiment=fig1a"])


def test_train_says_so_before_it_trains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "optimizer").mkdir()
    (tmp_path / "optimizer" / "adam.yaml").write_text("name: adam\nalpha: 0.5\n")
    ended = train(capsys, "--config-dir", str(tmp_path), "optimizer=adam")
    assert ended.status == 2
    assert ended.err.startswith(f"{tmp_path}/optimizer/adam.yaml: the suite has a optimizer/adam")
