"""Classes by their import path: found, tried before training, and told what is wrong with them."""

import importlib.metadata
import pickle
from pathlib import Path

import pytest
import torch

from adamrepro.errors import UserError
from adamrepro.optim import ExternalSettings
from adamrepro.optim.external import load

MINE = """
import torch

class Mine(torch.optim.SGD):
    pass

class NeedsClosure(torch.optim.Optimizer):
    def step(self, closure): ...

class AsksForClosure(torch.optim.SGD):
    def step(self, closure=None):
        assert closure is not None, "a closure, please"

class Refuses(torch.optim.SGD):
    def __init__(self, params):
        raise RuntimeError("not today")

class Unsaved(torch.optim.SGD):
    def __init__(self, params, lr=0.1):
        super().__init__(params, lr)
        self.param_groups[0]["decay"] = lambda t: 1 / t

class WeightsOnly(torch.optim.SGD):
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.data.addmm_(p.grad, p.grad)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder, in which the command is called."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    (tmp_path / "mine_here.py").write_text(MINE)
    (tmp_path / "broken_here.py").write_text("1 / 0")
    return tmp_path


def test_a_class_of_a_package() -> None:
    settings = ExternalSettings(cls="torch.optim.NAdam", kwargs={"lr": 0.5})
    assert settings.code == f"torch {importlib.metadata.version('torch')}"
    optimizer = settings.build([torch.zeros(1, requires_grad=True)])
    assert type(optimizer) is torch.optim.NAdam
    assert optimizer.param_groups[0]["lr"] == 0.5


@pytest.mark.parametrize(
    ("cls", "kwargs", "lr"),
    [
        ("torch.optim.NAdam", {}, 2e-3),
        ("torch.optim.NAdam", {"lr": torch.tensor(0.25)}, 0.25),
        ("schedulefree.AdamWScheduleFree", {}, 2.5e-3),
    ],
)
def test_the_step_size_it_trains_with(cls: str, kwargs: dict[str, object], lr: float) -> None:
    assert ExternalSettings(cls=cls, kwargs=kwargs).lr == lr


@pytest.mark.parametrize("cls", ["mine_here.Mine", "mine_here:Mine", "mine_here.py:Mine"])
def test_a_class_of_the_users_folder(cls: str, folder: Path) -> None:
    settings = ExternalSettings(cls=cls, kwargs={"lr": 0.5})
    assert load(cls).__name__ == "Mine"
    assert len(settings.code) == 12


def test_another_code_is_another_run(folder: Path) -> None:
    codes = []
    for name, content in (("one.py", MINE), ("two.py", MINE + "# changed\n")):
        (folder / name).write_text(content)
        codes.append(ExternalSettings(cls=f"{name}:Mine", kwargs={"lr": 0.5}).code)
    assert codes[0] != codes[1]


def test_changed_code_is_not_trained_under_the_old_name(folder: Path) -> None:
    (folder / "mine.py").write_text(MINE)
    settings = pickle.dumps(ExternalSettings(cls="mine.py:Mine", kwargs={"lr": 0.5}))
    (folder / "mine.py").write_text(MINE + "# changed\n")
    with pytest.raises(UserError, match=r"mine\.py:Mine: changed since this run was planned"):
        pickle.loads(settings).build([torch.zeros(1, requires_grad=True)])


def test_a_file_may_hold_dataclasses_and_annotations_in_quotes(folder: Path) -> None:
    settings = "@dataclass\nclass Settings:\n    rate: float = 0.1\n"
    head = "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    (folder / "with_settings.py").write_text(head + MINE + settings)
    assert load("with_settings.py:Mine").__name__ == "Mine"


@pytest.mark.parametrize(
    ("cls", "kwargs", "message"),
    [
        ("", {}, r"optimizer\.cls=: expected package\.module\.Class"),
        ("Adam", {}, r"optimizer\.cls=Adam: expected"),
        ("nothing_here.Adam", {}, "No module named 'nothing_here'"),
        ("torch.optim.Adamm", {}, "torch.optim has no Adamm"),
        ("torch.nn.Linear", {}, r"not a subclass of torch\.optim\.Optimizer"),
        ("torch.optim.LBFGS", {"lr": 1.0, "line_search_fn": "x"}, None),
        ("mine_here:NeedsClosure", {}, "needs a closure"),
        ("mine_here:AsksForClosure", {}, "its step fails .* .AssertionError: a closure, please"),
        ("mine_here:WeightsOnly", {}, "its step fails on a weight of 2 x 2 and a bias of 2"),
        ("mine_here:Refuses", {}, "is refused .RuntimeError: not today"),
        ("mine_here:Unsaved", {}, "its state cannot be saved and loaded"),
        ("missing.py:Mine", {}, "missing.py: no such file"),
        ("broken_here:Mine", {}, "cannot be imported .ZeroDivisionError"),
        ("torch.optim.Adam", {"lx": 1}, "unexpected keyword argument 'lx'"),
        (
            "torch.optim.Adam",
            {"lr": -1.0},
            r"torch\.optim\.Adam.lr=-1\.0. is refused .ValueErr",
        ),
    ],
)
def test_what_cannot_be_used_is_explained(
    cls: str, kwargs: dict[str, object], message: str | None, folder: Path
) -> None:
    with pytest.raises(UserError, match=message) as error:
        ExternalSettings(cls=cls, kwargs=kwargs)
    assert "\n" not in str(error.value)
