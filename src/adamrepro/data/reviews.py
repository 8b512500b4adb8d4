"""The files of aclImdb: 2 x 2 folders of reviews, or the authors' own word counts."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from adamrepro.data.cache import FileState
from adamrepro.data.sources import Counter
from adamrepro.errors import UserError

SPLITS = ("train", "test")
# reviews are rated 1 to 10 stars; the data set holds none rated 5 or 6 (aclImdb/README)
RATINGS = {"pos": range(7, 11), "neg": range(1, 5)}
PER_CLASS = 12_500

_NAME = re.compile(r"(\d+)_(\d+)\.txt")
_REPORT_EVERY = 500


def label_order() -> np.ndarray:
    """The labels of a split, int64 [25,000]: the positive reviews (1), then the negative (0)."""
    return np.repeat(np.array([1, 0]), PER_CLASS)


def list_reviews(folder: Path) -> list[FileState]:
    """The reviews of aclImdb in `folder`: train, then test; positive, then negative; by number.

    Raises:
        UserError: a review is missing, there twice, or named wrongly for its folder.
    """
    return [
        review
        for split in SPLITS
        for sentiment, ratings in RATINGS.items()
        for review in _list_class(folder / split / sentiment, ratings)
    ]


def _list_class(folder: Path, ratings: range) -> list[FileState]:
    found: dict[int, FileState] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or not entry.name.endswith(".txt"):
                continue
            match = _NAME.fullmatch(entry.name)
            if match is None or int(match[2]) not in ratings:
                raise UserError(
                    f"{entry.path}: expected a name NUMBER_RATING.txt with a rating of "
                    f"{ratings[0]} to {ratings[-1]} in this folder."
                )
            number = int(match[1])
            if number in found:
                raise UserError(f"{entry.path}: review {number} is also {found[number].path}.")
            found[number] = FileState.of(entry)
    missing = next((n for n in range(PER_CLASS) if n not in found), None)
    if missing is not None or len(found) != PER_CLASS:
        raise UserError(
            f"{folder}: holds {len(found):,} reviews; expected {PER_CLASS:,}, numbered from 0"
            + ("." if missing is None else f" ({missing}_*.txt is missing). Unpack it again.")
        )
    return [found[number] for number in range(PER_CLASS)]


class ReviewReader:
    """Reads reviews one after the other, and their digest along the way."""

    def __init__(self, files: list[FileState], counter: Counter) -> None:
        """Read `files` when asked to, telling `counter`."""
        self._files = files
        self._counter = counter
        self._digest = hashlib.sha256()
        self._done = 0

    def read(self, count: int) -> Iterator[str]:
        """The next `count` reviews.

        Raises:
            UserError: a review is empty or not utf-8.
        """
        for file in self._files[self._done : self._done + count]:
            with open(file.path, "rb") as stream:
                raw = stream.read()
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                raise UserError(
                    f"{file.path}: is not utf-8 (byte {error.object[error.start]:#04x} at "
                    f"{error.start}); expected a review as text. Unpack it again."
                ) from error
            if not text.strip():
                raise UserError(f"{file.path}: is empty; expected a review. Unpack it again.")
            self._digest.update(b"%d\n" % len(raw) + raw)
            self._done += 1
            if self._done % _REPORT_EVERY == 0 or self._done == len(self._files):
                self._counter("IMDB: counting words", self._done, len(self._files))
            yield text

    def sha256(self) -> str:
        """Hex digest over the reviews read so far, each as its length, a line end, its bytes."""
        return self._digest.hexdigest()


def read_counts(path: Path, words: int) -> csr_matrix:
    """One split's labeledBow.feat as counts, uint16 [25,000, words], rows as in `list_reviews`.

    A line is the rating, then word:count pairs, words numbered from 0 in imdb.vocab.

    Raises:
        UserError: not that format, a word number outside the vocabulary, rows missing or moved.
    """
    from sklearn.datasets import load_svmlight_file  # slow to import, seldom needed

    try:
        counts, ratings = load_svmlight_file(path, n_features=words, zero_based=True)
    except (ValueError, OverflowError) as error:
        raise UserError(
            f"{path}: {error}. Expected lines RATING WORD:COUNT ... with words 0 to {words - 1:,}."
        ) from error
    if len(ratings) != 2 * PER_CLASS:
        raise UserError(f"{path}: holds {len(ratings):,} rows; expected {2 * PER_CLASS:,}.")
    wanted = [RATINGS["pos"] if label else RATINGS["neg"] for label in label_order()]
    for row, (rating, allowed) in enumerate(zip(ratings, wanted, strict=True), start=1):
        if rating not in allowed:
            raise UserError(
                f"{path}: line {row} has the rating {rating:g}; expected {allowed[0]} to "
                f"{allowed[-1]}: the positive reviews come first, then the negative."
            )
    integers = counts.astype(np.uint16)
    if (integers.data != counts.data).any() or not integers.data.all():
        raise UserError(f"{path}: holds a count that is not a whole number of 1 to 65,535.")
    return csr_matrix(integers)
