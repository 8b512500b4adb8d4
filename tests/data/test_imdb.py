import os
from pathlib import Path

import archives
import numpy as np
import pytest
import torch
from rows import dense

from adamrepro.data import Features, ImdbConfig, Source, imdb, load_dataset, reviews
from adamrepro.errors import UserError

WORDS = len(archives.WORDS)
COUNTS = ImdbConfig(vocabulary=WORDS, features=Features.counts)
BINARY = ImdbConfig(vocabulary=20)


def load(root: Path, config: ImdbConfig = COUNTS):
    return load_dataset(config, root=root)


def matrix(split) -> np.ndarray:
    return dense(split.batch(torch.arange(len(split)))[0]).numpy()


def count(text: str) -> list[int]:
    return [text.split().count(word) for word in archives.WORDS]


def test_rows_are_the_reviews_positive_first_then_by_number(imdb_root):
    data = load(imdb_root)
    assert data.train.y.tolist() == [1] * 6 + [0] * 6
    for split, part in (("train", data.train), ("test", data.test)):
        names = [f"pos/{i}_8.txt" for i in range(6)] + [f"neg/{i}_3.txt" for i in range(6)]
        texts = [(imdb_root / "aclImdb" / split / name).read_text() for name in names]
        assert matrix(part).tolist() == [count(text) for text in texts]


def test_features_are_cut_to_the_first_words_and_made_binary(imdb_root):
    whole = matrix(load(imdb_root).train)
    assert whole.max() > 1
    binary = load(imdb_root, ImdbConfig(vocabulary=7)).train
    assert binary.features == 7
    assert np.array_equal(matrix(binary), whole[:, :7] > 0)


def test_the_authors_counts_are_read_where_the_reviews_are_not_there(imdb_feat_root):
    data = load(imdb_feat_root)
    for split, part in (("train", data.train), ("test", data.test)):
        lines = (imdb_feat_root / "aclImdb" / split / "labeledBow.feat").read_text().splitlines()
        for line, row in zip(lines, matrix(part), strict=True):
            pairs = dict(map(int, pair.split(":")) for pair in line.split()[1:])
            assert row.tolist() == [pairs.get(i, 0) for i in range(WORDS)]


def test_the_authors_counts_and_the_reviews_are_the_same_data(imdb_root):
    """aclImdb/README: lines RATING WORD:COUNT ..., words numbered from 0 in imdb.vocab."""
    folder = imdb_root / "aclImdb"
    read = {config.features: load(imdb_root, config) for config in (COUNTS, BINARY)}
    for split in reviews.SPLITS:
        lines = []
        for sentiment in ("pos", "neg"):
            for number in range(6):
                (path,) = (folder / split / sentiment).glob(f"{number}_*.txt")
                pairs = " ".join(f"{i}:{n}" for i, n in enumerate(count(path.read_text())) if n)
                lines.append(f"{path.stem.split('_')[1]} {pairs}\n")
            (folder / split / sentiment).rename(folder / f"{split} {sentiment}")
        (folder / split / "labeledBow.feat").write_text("".join(lines))
    for config in (COUNTS, BINARY):
        again = load(imdb_root, config)
        assert again.sha256 == read[config.features].sha256
        assert np.array_equal(matrix(again.test), matrix(read[config.features].test))


def test_reviews_come_before_the_authors_counts(imdb_root):
    expected = load(imdb_root).sha256
    (imdb_root / "aclImdb" / "train" / "labeledBow.feat").write_text("9 0:1\n")
    assert load(imdb_root).sha256 == expected


def test_the_published_reviews_are_known_by_their_digest(imdb_root, monkeypatch):
    assert load(imdb_root).source is Source.MIRROR
    with np.load(imdb_root / "aclImdb" / "counts-from-text.npz") as cache:
        monkeypatch.setattr(imdb, "REVIEWS_SHA256", str(cache["reviews_sha256"]))
    assert load(imdb_root).source is Source.MIRROR
    vocabulary = imdb_root / "aclImdb" / "imdb.vocab"
    monkeypatch.setattr(imdb, "VOCABULARY_SHA256", imdb._sha256(vocabulary))
    assert load(imdb_root).source is Source.CANONICAL
    whole = load(imdb_root).sha256
    one, other = (imdb_root / "aclImdb" / s / "pos" / "1_8.txt" for s in reviews.SPLITS)
    swap(one, other)
    assert load(imdb_root).source is Source.MIRROR
    assert load(imdb_root).sha256 != whole


def swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def spy(monkeypatch) -> list[int]:
    """The number of reviews read at each counting from now on."""
    calls: list[int] = []
    original = reviews.ReviewReader.read

    def read(self, number):
        calls.append(number)
        return original(self, number)

    monkeypatch.setattr(reviews.ReviewReader, "read", read)
    return calls


def test_reviews_are_counted_once_for_all_options(imdb_root, monkeypatch):
    calls = spy(monkeypatch)
    for config in (COUNTS, ImdbConfig(vocabulary=5), ImdbConfig(vocabulary=5, examples=3)):
        load(imdb_root, config)
    assert calls == [12, 12]


def alter_review(folder: Path) -> None:
    path = folder / "train" / "pos" / "2_8.txt"
    path.write_text(path.read_text() + " dull dull")


def touch_review(folder: Path) -> None:
    path = folder / "test" / "neg" / "0_3.txt"
    text = path.read_text()
    path.write_text("dull" + text[4:] if text[:4] != "dull" else "good" + text[4:])
    os.utime(path, ns=(1, 1))  # the same size, another time


def reorder_vocabulary(folder: Path) -> None:
    path = folder / "imdb.vocab"
    path.write_text("\n".join(reversed(path.read_text().split())) + "\n")


def truncate_cache(folder: Path) -> None:
    path = folder / "counts-from-text.npz"
    path.write_bytes(path.read_bytes()[:-100])


def rewrite_cache(folder: Path, **changes: np.ndarray) -> None:
    path = folder / "counts-from-text.npz"
    with np.load(path) as cache:
        arrays = {name: cache[name] for name in cache.files}
    np.savez(path, **(arrays | changes))


def alter_cache(folder: Path) -> None:
    with np.load(folder / "counts-from-text.npz") as cache:
        altered = cache["train_data"] + np.uint16(1)
    rewrite_cache(folder, train_data=altered)


def cache_of_another_vocabulary(folder: Path) -> None:
    with np.load(folder / "counts-from-text.npz") as cache:
        key = str(cache["key"]).replace('"vocabulary": "', '"vocabulary": "0')
    rewrite_cache(folder, key=np.array(key))


@pytest.mark.parametrize(
    "change",
    [
        alter_review,
        touch_review,
        reorder_vocabulary,
        truncate_cache,
        alter_cache,
        cache_of_another_vocabulary,
    ],
)
def test_a_cache_of_anything_else_is_made_again(imdb_root, monkeypatch, change):
    load(imdb_root)
    change(imdb_root / "aclImdb")
    calls = spy(monkeypatch)
    cached = load(imdb_root)
    assert calls == [12, 12]
    (imdb_root / "aclImdb" / "counts-from-text.npz").unlink()
    assert load(imdb_root).sha256 == cached.sha256


def test_progress_ends_at_the_number_of_reviews(imdb_root):
    seen: list[tuple[str, int, int]] = []
    load_dataset(COUNTS, root=imdb_root, counter=lambda *report: seen.append(report))
    assert seen[-1] == ("IMDB: counting words", 24, 24)


def rename(old: str, new: str):
    return lambda folder: (folder / old).rename(folder / new)


def write(name: str, raw: bytes):
    return lambda folder: (folder / name).write_bytes(raw)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            write("train/neg/3_3.txt", b"caf\xe9 noir"),
            r"neg/3_3.txt: is not utf-8 \(byte 0xe9 at 3",
        ),
        (write("test/pos/1_8.txt", b" \n"), "pos/1_8.txt: is empty"),
        (
            lambda f: (f / "train/pos/4_8.txt").unlink(),
            r"pos: holds 5 reviews.*4_\*.txt is missing",
        ),
        (write("train/pos/6_8.txt", b"extra"), "train/pos: holds 7 reviews; expected 6"),
        (write("train/pos/5_10.txt", b"again"), "review 5 is also .*5_"),
        (rename("train/pos/0_8.txt", "train/pos/0_3.txt"), "0_3.txt: .*rating of 7 to 10"),
        (write("train/neg/0_8.txt", b"moved"), "neg/0_8.txt: .*rating of 1 to 4"),
        (write("test/neg/notes.txt", b"x"), "notes.txt: expected a name NUMBER_RATING.txt"),
        (lambda f: rename("test/neg", "test/gone")(f), "test/neg is missing"),
    ],
)
def test_damaged_reviews_are_named(imdb_root, damage, message):
    damage(imdb_root / "aclImdb")
    with pytest.raises(UserError, match=message):
        load(imdb_root)
    assert not (imdb_root / "aclImdb" / "counts-from-text.npz").exists()


def edit(change):
    def damage(folder: Path) -> None:
        path = folder / "train" / "labeledBow.feat"
        path.write_text("".join(change(path.read_text().splitlines(keepends=True))))

    return damage


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (edit(lambda lines: lines[:-1]), "labeledBow.feat: holds 11 rows; expected 12"),
        (edit(lambda lines: lines[::-1]), "line 1 has the rating 2; expected 7 to 10"),
        (edit(lambda lines: ["9 999:1\n", *lines[1:]]), "labeledBow.feat: .*words 0 to"),
        (edit(lambda lines: ["9 1:2 one:3\n", *lines[1:]]), "labeledBow.feat: .*Expected lines"),
        (edit(lambda lines: ["9 1:-2\n", *lines[1:]]), "count that is not a whole number"),
        (edit(lambda lines: ["9 1:2.5\n", *lines[1:]]), "count that is not a whole number"),
    ],
)
def test_damaged_counts_are_named(imdb_feat_root, damage, message):
    damage(imdb_feat_root / "aclImdb")
    with pytest.raises(UserError, match=message):
        load(imdb_feat_root)


def test_a_vocabulary_that_is_too_small_is_an_error(imdb_root):
    with pytest.raises(UserError, match=rf"dataset.vocabulary=10000: expected at most {WORDS}"):
        load(imdb_root, ImdbConfig())


def test_the_stand_in_is_as_sparse_as_the_reviews(root):
    data = load_dataset(ImdbConfig(), root=root, stand_in=True)
    # 126 of 10,000 in aclImdb
    assert 115 < int(data.train.crow[-1]) / len(data.train) < 137
