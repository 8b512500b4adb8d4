"""Every data set, in every form and with every option, passes the same checks: add a row."""

import re
from dataclasses import dataclass, replace

import archives
import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from rows import dense

from adamrepro.data import (
    DATASETS,
    CifarConfig,
    Dense,
    Features,
    ImdbConfig,
    MnistConfig,
    Source,
    Sparse,
    Whitening,
    load_dataset,
)
from adamrepro.errors import UserError


@dataclass
class Case:
    config: object
    root: str
    source: Source
    train: int
    test: int
    shape: tuple[int, ...]
    low: float
    high: float
    classes: int = 10


WORDS = len(archives.WORDS)
UNIT = {"low": 0.0, "high": 1.0}
WIDE = {"low": -20.0, "high": 20.0}
COUNT = {"low": 0.0, "high": 200.0}
IMAGE = (3, 32, 32)
IMDB = {"train": 12, "test": 12, "shape": (WORDS,), "classes": 2, "source": Source.MIRROR}
CIFAR = {"train": 100, "test": 20, "shape": IMAGE, "source": Source.MIRROR}
STAND_IN = {"root": "root", "source": Source.STAND_IN}
words, counts = ImdbConfig(vocabulary=WORDS), ImdbConfig(vocabulary=WORDS, features=Features.counts)
none, zca = CifarConfig(whitening=Whitening.none), CifarConfig(whitening=Whitening.zca)

CASES = {
    "mnist": Case(MnistConfig(), "mnist_root", Source.CANONICAL, 60, 20, (784,), **UNIT),
    "imdb text": Case(words, "imdb_root", **IMDB, **UNIT),
    "imdb text counts": Case(counts, "imdb_root", **IMDB, **COUNT),
    "imdb feat": Case(words, "imdb_feat_root", **IMDB, **UNIT),
    "imdb feat counts": Case(counts, "imdb_feat_root", **IMDB, **COUNT),
    "cifar10 binary": Case(CifarConfig(), "cifar_binary_root", **CIFAR, **WIDE),
    "cifar10 python": Case(CifarConfig(), "cifar_python_root", **CIFAR, **WIDE),
    "cifar10 folders": Case(CifarConfig(), "cifar_folders_root", **CIFAR, **WIDE),
    "cifar10 unwhitened": Case(none, "cifar_binary_root", **CIFAR, **UNIT),
    "mnist stand-in": Case(
        MnistConfig(), train=4_000, test=1_000, shape=(784,), **STAND_IN, **UNIT
    ),
    "imdb stand-in": Case(
        ImdbConfig(), train=5_000, test=5_000, shape=(10_000,), classes=2, **STAND_IN, **UNIT
    ),
    "imdb stand-in counts": Case(
        ImdbConfig(features=Features.counts),
        train=5_000,
        test=5_000,
        shape=(10_000,),
        classes=2,
        **STAND_IN,
        **COUNT,
    ),
    "cifar10 stand-in": Case(
        CifarConfig(), train=5_000, test=1_000, shape=IMAGE, **STAND_IN, **WIDE
    ),
}
# an eigendecomposition of 3,072 dimensions: seconds each
SLOW = {"cifar10 zca": Case(zca, "cifar_binary_root", **CIFAR, **WIDE)}


@pytest.fixture(
    params=[*CASES, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)],
)
def case(request):
    return (CASES | SLOW)[request.param]


@pytest.fixture
def load(case, request):
    root = request.getfixturevalue(case.root)

    def load(config=case.config):
        return load_dataset(config, root=root, stand_in=case.source is Source.STAND_IN)

    return load


def parts(split):
    if isinstance(split, Sparse):
        return [split.crow, split.col, split.val, split.y]
    return [split.x, split.y]


def fingerprints(split):
    if isinstance(split, Sparse):
        pairs = torch.stack([split.col.double(), split.val.double()], dim=1).numpy()
        return [row.tobytes() for row in np.split(pairs, split.crow[1:-1].numpy())]
    return [row.numpy().tobytes() for row in split.x]


def rows(split, idx):
    x, y = split.batch(idx)
    return dense(x), y


def test_every_data_set_is_in_the_table():
    assert {c.config.name for c in CASES.values()} == set(DATASETS)
    assert all(DATASETS[name]().name == name for name in DATASETS)


def test_a_data_set_keeps_its_promises(case, load):
    data = load()
    assert (data.name, data.source, data.classes) == (case.config.name, case.source, case.classes)
    assert (len(data.train), len(data.test)) == (case.train, case.test)
    assert re.fullmatch("[0-9a-f]{64}", data.sha256)
    for split in (data.train, data.test):
        some = torch.arange(len(split))[:200].flip(0)
        x, y = rows(split, some)
        assert (x.dtype, y.dtype) == (torch.float32, torch.int64)
        assert x.shape == (len(some), *case.shape)
        assert x.isfinite().all()
        assert x.min() >= case.low
        assert x.max() <= case.high
        assert x.std() > 0.01 * (case.high - case.low) / 20
        assert split.y.unique().tolist() == list(range(case.classes))
        assert torch.equal(y, split.y[some])
        assert torch.equal(x[3], rows(split, some[3:4])[0][0])  # alone as among others
        assert torch.equal(x, rows(split.to("cpu"), some)[0])
    check_frugal(data.train)
    check_take(data.train)
    check_batches_are_copies(data.train)


def check_frugal(split):
    if isinstance(split, Sparse):
        assert (split.col.dtype, split.val.dtype) == (torch.int32, torch.float32)
    else:
        assert isinstance(split, Dense)
        assert split.x.dtype is (torch.float32 if split.scale is None else torch.uint8)


def check_batches_are_copies(split):
    before = rows(split, torch.arange(5))[0].clone()
    x, y = split.batch(torch.arange(5))
    (x if isinstance(x, torch.Tensor) else x.val).fill_(7)
    y.fill_(1)
    assert torch.equal(rows(split, torch.arange(5))[0], before)


def check_take(train):
    idx = torch.tensor([7, 3, 3, 11, 0])
    taken = train.take(idx)
    assert type(taken) is type(train)
    assert len(taken) == 5
    back = torch.tensor([4, 0, 2])
    for a, b in zip(rows(taken, back), rows(train, idx[back]), strict=True):
        assert torch.equal(a, b)


def test_train_and_test_share_no_example(load):
    data = load()
    seen = [set(fingerprints(split)) for split in (data.train, data.test)]
    assert not seen[0] & seen[1]
    # so that the check above means something
    assert len(seen[0]) > 0.9 * len(data.train)


def test_loading_again_gives_the_same(load):
    first, second = load(), load()
    assert first.sha256 == second.sha256
    for a, b in ((first.train, second.train), (first.test, second.test)):
        assert all(torch.equal(one, two) for one, two in zip(parts(a), parts(b), strict=True))


def test_examples_are_the_first_of_one_permutation(case, load):
    whole = load()
    part = load(replace(case.config, examples=9))
    order = torch.from_numpy(np.random.default_rng(0).permutation(case.train)[:9])
    assert torch.equal(rows(part.train, torch.arange(9))[0], rows(whole.train, order)[0])
    assert len(part.test) == 9
    assert part.sha256 == whole.sha256


def test_the_last_images_can_be_held_out(root):
    """Of the stand-in, which is smaller, the same share: 10,000 of 60,000 are 666 of 4,000."""
    whole, part = (
        load_dataset(MnistConfig(held_out=count), root=root, stand_in=True) for count in (0, 10_000)
    )
    assert (len(whole.train), len(part.train)) == (4_000, 3_334)
    assert torch.equal(part.train.x, whole.train.x[:3_334])
    assert len(part.test) == len(whole.test)


def test_a_large_number_of_examples_leaves_the_test_split_whole(root):
    data = load_dataset(MnistConfig(examples=2_000), root=root, stand_in=True)
    assert (len(data.train), len(data.test)) == (2_000, 1_000)


def test_options_that_change_the_input_change_the_checksum(mnist_root, imdb_root):
    one = load_dataset(ImdbConfig(vocabulary=WORDS), root=imdb_root)
    others = [ImdbConfig(vocabulary=WORDS - 1), ImdbConfig(vocabulary=WORDS, features="counts")]
    others[1].features = Features.counts
    digests = {load_dataset(c, root=imdb_root).sha256 for c in others} | {one.sha256}
    assert len(digests) == 3


@pytest.mark.parametrize("name", DATASETS)
def test_configs_work_as_omegaconf_schemas(name):
    schema = OmegaConf.structured(DATASETS[name])
    assert OmegaConf.to_object(schema) == DATASETS[name]()
    assert OmegaConf.to_object(OmegaConf.merge(schema, {"examples": 500})).examples == 500


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MnistConfig(examples=0), r"dataset\.examples=0: expected 1 to 60000"),
        (lambda: MnistConfig(examples=60_001), r"dataset\.examples=60001"),
        (lambda: MnistConfig(held_out=60_000), r"dataset\.held_out=60000: expected 0 to 59999"),
        (lambda: MnistConfig(held_out=-1), r"dataset\.held_out=-1"),
        (lambda: ImdbConfig(examples=-5), r"dataset\.examples=-5: expected 1 to 25000"),
        (lambda: ImdbConfig(vocabulary=0), r"dataset\.vocabulary=0: expected at least 1"),
        (lambda: CifarConfig(examples=50_001), r"dataset\.examples=50001: expected 1 to 50000"),
        (
            lambda: CifarConfig(zca_epsilon=0.0),
            r"dataset\.zca_epsilon=0\.0: expected a number above 0",
        ),
        (lambda: CifarConfig(zca_epsilon=float("nan")), r"dataset\.zca_epsilon=nan"),
    ],
)
def test_ranges_are_checked(make, message):
    with pytest.raises(UserError, match=message):
        make()


@pytest.mark.parametrize(
    "name", [case.config.name for case in CASES.values() if case.source is Source.STAND_IN]
)
def test_missing_files_are_named_with_the_ways_out(name, root):
    with pytest.raises(UserError) as caught:
        load_dataset(DATASETS[name](), root=root)
    message = str(caught.value)
    assert str(root) in message
    assert " is missing " in message
    for way in ("data.root=", "data.download=true", "data.stand_in=true"):
        assert way in message
    assert not root.exists()


@pytest.mark.parametrize(
    ("fixture", "config", "gone"),
    [
        ("mnist_root", MnistConfig(), "MNIST/raw/t10k-labels-idx1-ubyte"),
        ("imdb_root", words, "aclImdb/imdb.vocab"),
        ("imdb_feat_root", words, "aclImdb/test/labeledBow.feat"),
        ("cifar_binary_root", CifarConfig(), "cifar-10-batches-bin/data_batch_3.bin"),
        ("cifar_python_root", CifarConfig(), "cifar-10-batches-py/test_batch"),
    ],
)
def test_a_stand_in_never_hides_that_a_file_is_missing(fixture, config, gone, request):
    root = request.getfixturevalue(fixture)
    (root / gone).unlink()
    with pytest.raises(UserError, match=gone):
        load_dataset(config, root=root, stand_in=True)
