"""A nan in the data is said at once, and not left to make every run diverge."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from adamrepro.data import DataSet, Dense, MnistConfig, Source, Sparse, load_dataset
from adamrepro.data.dataset import check_finite
from adamrepro.errors import UserError

PICTURES = Dense(x=torch.rand(5, 2, 3), y=torch.zeros(5, dtype=torch.int64))
WORDS = Sparse(
    crow=torch.tensor([0, 2, 2, 3]),
    col=torch.tensor([0, 3, 1], dtype=torch.int32),
    val=torch.ones(3),
    y=torch.zeros(3, dtype=torch.int64),
    features=4,
)


def data_set(train: Dense | Sparse, test: Dense | Sparse) -> DataSet:
    return DataSet(
        name="mine", train=train, test=test, classes=2, source=Source.MIRROR, sha256="00"
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("chunk", [1, 4, 1000])
def test_the_first_bad_example_is_named(
    value: float, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adamrepro.data.dataset._CHECKED_AT_ONCE", chunk)
    check_finite(data_set(PICTURES, WORDS), Path("root"))
    pictures = replace(PICTURES, x=PICTURES.x.clone())
    pictures.x[3, 0, 2] = pictures.x[4, 1, 1] = value
    with pytest.raises(UserError, match=r"mine: training example 3 .* under root are damaged"):
        check_finite(data_set(pictures, WORDS), Path("root"))
    words = replace(WORDS, val=torch.tensor([1.0, 1.0, value]))
    with pytest.raises(UserError, match="mine: test example 2 "):
        check_finite(data_set(PICTURES, words), Path("root"))


def test_every_data_set_is_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bad = replace(PICTURES, x=PICTURES.x / 0)
    monkeypatch.setattr(MnistConfig, "load", lambda *_: data_set(PICTURES, bad))
    with pytest.raises(UserError, match=rf"test example 0 .*{tmp_path}"):
        load_dataset(MnistConfig(), root=tmp_path)
