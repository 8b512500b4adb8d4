"""What the commands of this room say where nothing is trained yet."""

from importlib import import_module
from pathlib import Path

import pytest

from commandline import call


@pytest.mark.parametrize(
    ("command", "experiment"),
    [("after-adam", "after_adam/logistic"), ("matter", "matter/logistic")],
)
def test_without_tables_the_command_says_what_to_train(
    command: str, experiment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main = import_module(f"adamrepro.cli.{command.replace('-', '_')}").main
    ended = call(capsys, main, command, "--results", tmp_path)
    assert ended.status == 2
    assert f"adamrepro train -m experiment={experiment} budget=full" in ended.err
    assert "Traceback" not in ended.err
