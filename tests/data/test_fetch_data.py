import sys

import pytest

from adamrepro.cli.fetch_data import main
from adamrepro.data import mnist


@pytest.fixture
def fetch(monkeypatch, root):
    monkeypatch.setattr(mnist, "MIRRORS", ["http://127.0.0.1:1/"])

    def fetch(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["fetch-data", "--data", str(root), *arguments])
        return main()

    return fetch


def test_it_says_where_each_data_set_comes_from(mnist_root, fetch, capsys):
    assert fetch("mnist") == 0
    assert capsys.readouterr().out.startswith("mnist: canonical, 60 + 20 examples, sha256 ")


def test_it_looks_where_the_environment_says(mnist_root, monkeypatch, capsys):
    monkeypatch.setenv("ADAMREPRO_DATA", str(mnist_root))
    monkeypatch.setattr(sys, "argv", ["fetch-data", "mnist"])
    assert main() == 0
    assert capsys.readouterr().out.startswith("mnist: canonical")


def test_a_stand_in_has_to_be_asked_for(fetch, capsys):
    assert fetch("mnist") == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert "train-images-idx3-ubyte is missing" in caught.err
    assert "Traceback" not in caught.err
    assert fetch("--stand-in", "mnist") == 0
    assert capsys.readouterr().out.startswith("mnist: stand-in, 4,000 + 1,000 examples")


def test_one_failure_does_not_stop_the_others(mnist_root, fetch, capsys):
    assert fetch("mnits", "mnist") == 2
    caught = capsys.readouterr()
    assert "mnits: no such data set; did you mean mnist?" in caught.err
    assert "mnist: canonical" in caught.out
