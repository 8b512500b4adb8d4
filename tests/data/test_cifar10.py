import pickle
from pathlib import Path

import archives
import numpy as np
import pytest
import torch
from PIL import Image

from adamrepro.data import CifarConfig, Source, Whitening, cifar_files, load_dataset, pickled
from adamrepro.errors import UserError

NONE = CifarConfig(whitening=Whitening.none)


def load(root: Path):
    return load_dataset(NONE, root=root)


@pytest.mark.parametrize("form", ["binary", "python"])
def test_images_and_labels_are_those_of_the_archive(form, request):
    data = load(request.getfixturevalue(f"cifar_{form}_root"))
    *train, test = archives.cifar_batches(20)
    assert np.array_equal(
        data.train.x.numpy().reshape(100, -1), np.concatenate([b[1] for b in train])
    )
    assert np.array_equal(data.train.y.numpy(), np.concatenate([b[2] for b in train]))
    assert np.array_equal(data.test.x.numpy().reshape(20, -1), test[1])
    assert np.array_equal(data.test.y.numpy(), test[2])


def test_both_archives_have_one_checksum(cifar_binary_root, cifar_python_root):
    # the fixtures share a folder, and the binary archive is looked for first
    both = load(cifar_binary_root).sha256
    (cifar_binary_root / "cifar-10-batches-bin").rename(cifar_binary_root / "elsewhere")
    assert load(cifar_binary_root).sha256 == both


def test_images_in_folders_are_ordered_by_class_then_name(cifar_folders_root):
    data = load(cifar_folders_root)
    assert data.train.y.tolist() == [k for k in range(10) for _ in range(10)]
    assert data.test.y.tolist() == [k for k in range(10) for _ in range(2)]
    path = cifar_folders_root / "cifar10" / "train" / "cat" / "0004.png"
    pixels = np.asarray(Image.open(path)).transpose(2, 0, 1)
    assert np.array_equal(data.train.x[3 * 10 + 4].numpy(), pixels)


def test_decoded_images_are_cached_until_one_changes(cifar_folders_root, monkeypatch):
    before = load(cifar_folders_root).sha256
    decoded: list[Path] = []
    original = cifar_files._decode
    monkeypatch.setattr(cifar_files, "_decode", lambda p: (decoded.append(p), original(p))[1])
    assert load(cifar_folders_root).sha256 == before
    assert not decoded
    path = cifar_folders_root / "cifar10" / "train" / "cat" / "0004.png"
    Image.new("RGB", (32, 32), (1, 2, 3)).save(path)
    assert load(cifar_folders_root).sha256 != before
    assert path in decoded


@pytest.mark.parametrize(("form", "table"), [("binary", "SHA1"), ("python", "MD5")])
def test_the_published_files_are_known_by_their_digests(form, table, request, monkeypatch):
    import hashlib

    root = request.getfixturevalue(f"cifar_{form}_root")
    assert load(root).source is Source.MIRROR
    names = getattr(cifar_files, table)
    folder = next(root.iterdir())
    digests = {n: hashlib.new(table, (folder / n).read_bytes()).hexdigest() for n in names}
    monkeypatch.setattr(cifar_files, table, digests)
    assert load(root).source is Source.CANONICAL
    whole = load(root).sha256
    shuffle(folder)
    assert load(root).source is Source.MIRROR
    assert load(root).sha256 != whole


def shuffle(folder: Path) -> None:
    """Files under each other's names: what they hold is right, its order is not."""
    one, other = sorted(folder.glob("data_batch_*"))[:2]
    one.rename(folder / "aside")
    other.rename(one)
    (folder / "aside").rename(other)


def test_a_test_file_among_the_training_files_is_refused(cifar_binary_root):
    """Where the classes differ in number, as they do in each of the published training files."""
    folder = cifar_binary_root / "cifar-10-batches-bin"
    for name in ("data_batch_1.bin", "data_batch_2.bin"):  # one image of class 0 for one of class 1
        raw = bytearray((folder / name).read_bytes())
        old, new = (0, 1) if name == "data_batch_1.bin" else (1, 0)
        place = next(i for i in range(0, len(raw), 3073) if raw[i] == old)
        raw[place] = new
        (folder / name).write_bytes(raw)
    load(cifar_binary_root)
    (folder / "data_batch_1.bin").rename(folder / "aside")
    (folder / "test_batch.bin").rename(folder / "data_batch_1.bin")
    (folder / "aside").rename(folder / "test_batch.bin")
    with pytest.raises(UserError, match="some file is damaged, swapped or there twice"):
        load(cifar_binary_root)


def relabel(raw: bytes, label: int) -> bytes:
    return bytes([label]) + raw[1:]


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        (
            "data_batch_2.bin",
            lambda raw: raw[:-1],
            "data_batch_2.bin: 61,459 bytes; expected 61,460",
        ),
        ("data_batch_2.bin", lambda raw: raw + raw[:3073], "64,533 bytes; expected 61,460"),
        ("test_batch.bin", lambda raw: b"", "test_batch.bin: 0 bytes"),
        ("test_batch.bin", lambda raw: relabel(raw, 10), "test_batch.bin: holds the label 10"),
        ("data_batch_1.bin", lambda raw: relabel(raw, (raw[0] + 1) % 10), "five training files"),
        ("test_batch.bin", lambda raw: relabel(raw, (raw[0] + 1) % 10), "the test file"),
    ],
)
def test_a_damaged_binary_archive_is_refused(cifar_binary_root, name, damage, message):
    path = cifar_binary_root / "cifar-10-batches-bin" / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match=message):
        load(cifar_binary_root)


class Evil:
    def __reduce__(self):
        return (exec, ("raise SystemExit('ran code from a data file')",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps({b"data": Evil(), b"labels": [0]}), "asks for builtins.exec"),
        (pickle.dumps(np.zeros(3)), "asks for numpy"),
        (pickle.dumps({b"labels": [0] * 20}), "b'data'"),
        (pickle.dumps({b"data": [1, 2], b"labels": [0] * 20}), "its data is not an array"),
        (pickle.dumps([1, 2]), "expected a batch of cifar-10-python.tar.gz"),
        (b"", "Ran out of input"),
        (b"hello", "expected a batch of cifar-10-python.tar.gz"),
        (
            archives.python2_pickle({"data": np.zeros((20, 3072)), "labels": [0] * 20}),
            "unsigned bytes",
        ),
        (
            archives.python2_pickle({"data": np.zeros((19, 3072), np.uint8), "labels": [0] * 20}),
            r"shape \(19, 3072\) and 20 labels; expected \(20, 3072\)",
        ),
        (
            archives.python2_pickle({"data": np.zeros((20, 3072), np.uint8), "labels": [-1] * 20}),
            "holds the label -1",
        ),
    ],
)
def test_a_damaged_or_evil_python_archive_is_refused(cifar_python_root, content, message):
    path = cifar_python_root / "cifar-10-batches-py" / "data_batch_3"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        load(cifar_python_root)
    assert str(path) in str(caught.value)


def test_a_truncated_python_archive_is_refused(cifar_python_root):
    path = cifar_python_root / "cifar-10-batches-py" / "data_batch_3"
    path.write_bytes(path.read_bytes()[:30_000])
    with pytest.raises(UserError, match=r"data_batch_3: .*Fetch it again"):
        load(cifar_python_root)


def test_nothing_of_numpy_is_handed_to_a_pickle():
    assert all(v.__module__ == pickled.__name__ for v in pickled._ALLOWED.values())


def save(size: tuple[int, int]):
    return lambda path: Image.new("RGB", size).save(path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (save((28, 32)), "0001.png: is 28 x 32 pixels; expected 32 x 32"),
        (lambda path: path.write_bytes(b"not a png"), "0001.png: is not a readable image"),
        (lambda path: path.write_bytes(path.read_bytes()[:300]), "0001.png: is not a readable"),
        (lambda path: path.unlink(), "test/dog: holds 1 images .*; expected 2"),
        (lambda path: (path.parent / "x.jpg").touch(), "test/dog: holds 3 images"),
    ],
)
def test_damaged_images_are_named(cifar_folders_root, damage, message):
    damage(cifar_folders_root / "cifar10" / "test" / "dog" / "0001.png")
    with pytest.raises(UserError, match=message):
        load(cifar_folders_root)
    assert not (cifar_folders_root / "cifar10" / "pixels.npz").exists()


def test_a_missing_class_folder_is_named(cifar_folders_root):
    folder = cifar_folders_root / "cifar10" / "train" / "ship"
    folder.rename(folder.with_name("boat"))
    with pytest.raises(UserError, match=r"cifar10/train/ship is missing"):
        load(cifar_folders_root)


def test_grey_images_become_colour_images(cifar_folders_root):
    Image.new("L", (32, 32), 77).save(cifar_folders_root / "cifar10" / "train" / "cat" / "0000.png")
    assert load(cifar_folders_root).train.x[30].unique().tolist() == [77]


def test_channel_whitening_gives_mean_zero_and_deviation_one(cifar_binary_root):
    train = load_dataset(CifarConfig(), root=cifar_binary_root).train
    x, _ = train.batch(torch.arange(len(train)))
    torch.testing.assert_close(x.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(x.std((0, 2, 3), correction=0), torch.ones(3), atol=1e-5, rtol=0)
