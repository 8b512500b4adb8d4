import gzip

import archives
import numpy as np
import pytest

from adamrepro.data import MnistConfig, load_dataset
from adamrepro.data.mnist import RAW
from adamrepro.errors import UserError

TRAIN_X = "train-images-idx3-ubyte"
TRAIN_Y = "train-labels-idx1-ubyte"
TEST_X = "t10k-images-idx3-ubyte"


def flip(raw: bytes) -> bytes:
    return raw[:500] + bytes([raw[500] ^ 1]) + raw[501:]


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        (TRAIN_X, lambda raw: raw[:-1], "truncated: 47,055 bytes; expected 47,056"),
        (TRAIN_X, lambda raw: raw + b"\0", "too long: 47,057 bytes; expected 47,056"),
        (TRAIN_X, lambda raw: b"", r"begins with bytes \(none\); expected 00 00 08 03"),
        (TRAIN_X, lambda raw: raw[:9], "ends inside its 16-byte header"),
        (TRAIN_X, flip, "corrupt: its sha256 begins"),
        (TRAIN_X, gzip.compress, "still compressed.*gunzip"),
        (TRAIN_X, lambda raw: b"<html>", "begins with bytes 3c 68 74 6d; expected 00 00 08 03"),
        (TRAIN_X, lambda raw: archives.idx(np.zeros((60, 28, 27))), "60 x 28 x 27; expected 60 x"),
        (TRAIN_X, lambda raw: archives.idx(np.zeros(60)), "expected 00 00 08 03"),
        (TRAIN_Y, lambda raw: archives.idx(np.zeros(59)), "array of 59; expected 60"),
        (TRAIN_Y, lambda raw: archives.idx(np.arange(60)), "holds the label 59; expected 0 to 9"),
        (TEST_X, lambda raw: archives.idx(np.zeros((60, 28, 28))), "60 x 28 x 28; expected 20 x"),
    ],
)
def test_a_damaged_file_is_named_with_what_was_expected(mnist_root, name, damage, message):
    path = mnist_root / RAW / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match=f"{name}: .*{message}"):
        load_dataset(MnistConfig(), root=mnist_root, stand_in=True)


def test_pixels_and_labels_are_those_of_the_files(mnist_root):
    train = load_dataset(MnistConfig(), root=mnist_root).train
    raw = np.frombuffer((mnist_root / RAW / TRAIN_X).read_bytes()[16:], dtype=np.uint8)
    assert np.array_equal(train.x.numpy().ravel(), raw)
    assert train.y[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]


def test_the_stand_in_has_400_and_100_of_each_digit(root):
    data = load_dataset(MnistConfig(), root=root, stand_in=True)
    assert data.train.y.bincount().tolist() == [400] * 10
    assert data.test.y.bincount().tolist() == [100] * 10


def test_a_folder_in_place_of_a_file_is_an_error_of_one_line(mnist_root):
    path = mnist_root / RAW / TRAIN_X
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError, match=f"{TRAIN_X} cannot be read: Is a directory"):
        load_dataset(MnistConfig(), root=mnist_root)
