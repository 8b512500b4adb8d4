"""IMDB reviews (Maas et al. 2011) as bags of words: 25,000 + 25,000 reviews, 2 classes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from scipy.sparse import csr_matrix

from adamrepro.data import reviews, stand_ins
from adamrepro.data.batches import Sparse
from adamrepro.data.cache import FileState, fingerprint, load_arrays, save_arrays
from adamrepro.data.dataset import DataSet, Source, check_examples, content_sha256, keep_examples
from adamrepro.data.sources import Request, fetch_archive, locate
from adamrepro.data.words import count_words, read_vocabulary
from adamrepro.errors import require

CLASSES = 2
FOLDER = "aclImdb"
URL = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
MD5 = "7c2ac02c03563afcf9b574c7e56c153a"
# of imdb.vocab, and of the 50,000 reviews in order (see `ReviewReader.sha256`)
VOCABULARY_SHA256 = "01a13a306bd9e5a7826b8a0fc25a7a6017f143d86c1582f17857bb731fd252dc"
REVIEWS_SHA256 = "52df2ff78baf2a24472bd6e1e028bfb382696ee3ee17e72f01a38f2d048ff2ec"
# part of the cache's key: a change of the counting rules has to make old counts void
COUNTING_RULES = 1

_PARTS = ("data", "indices", "indptr")  # of a compressed sparse row matrix, in scipy's order


class Features(StrEnum):
    """What a bag of words holds for a word that is in the review."""

    binary = "binary"  # 1
    counts = "counts"  # how often


@dataclass(kw_only=True)
class ImdbConfig:
    """Which features of the IMDB reviews, and how many of them.

    Attributes:
        name: fixed.
        examples: number of training reviews to keep; all if None.
        vocabulary: number of words, the most frequent ones in the vocabulary's own order.
        features: 0/1 or counts.
    """

    sizes: ClassVar[tuple[int, int]] = (2 * reviews.PER_CLASS, 2 * reviews.PER_CLASS)
    folders: ClassVar[tuple[str, ...]] = (FOLDER,)

    name: str = "imdb"
    examples: int | None = None
    vocabulary: int = 10_000
    features: Features = Features.binary

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_examples(self.examples, self.sizes[0])
        require(self.vocabulary >= 1, "dataset.vocabulary", self.vocabulary, "at least 1 word")

    def load(self, request: Request) -> DataSet:
        """IMDB as sparse float32 features [N, vocabulary]; class 1 is positive, 0 negative.

        Raises:
            UserError: files are missing or damaged, or the vocabulary is smaller than asked for.
        """
        folder = request.root / FOLDER
        vocabulary = folder / "imdb.vocab"
        texts = [folder / split / label for split in reviews.SPLITS for label in reviews.RATINGS]
        feats = [folder / split / "labeledBow.feat" for split in reviews.SPLITS]
        # the reviews themselves come first, so that counts do not depend on which files were kept
        use_feats = not any(t.exists() for t in texts) and any(f.exists() for f in feats)
        files = [vocabulary, *(feats if use_feats else texts)]
        if not locate(
            request,
            name="IMDB",
            files=files,
            started=[folder],
            origin=URL,
            fetch=partial(fetch_archive, URL, MD5, FOLDER),
        ):
            counts = Counts(**stand_ins.bags_of_words(), source=Source.STAND_IN)
        elif use_feats:
            counts = _from_feats(folder, vocabulary, feats)
        else:
            counts = _from_texts(folder, vocabulary, request)
        available = counts.train.shape[1]
        expected = f"at most {available}, the number of words in imdb.vocab"
        require(self.vocabulary <= available, "dataset.vocabulary", self.vocabulary, expected)
        train = _select(counts.train, counts.train_y, self)
        test = _select(counts.test, counts.test_y, self)
        parts = [t for s in (train, test) for t in (s.crow, s.col, s.val, s.y)]
        sha256 = content_sha256([*parts, f"vocabulary={self.vocabulary}"])
        train, test = keep_examples(train, test, self.examples)
        return DataSet(
            name=self.name,
            train=train,
            test=test,
            classes=CLASSES,
            source=counts.source,
            sha256=sha256,
        )


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Word counts of both splits over the whole vocabulary [N, V], labels [N], and their source."""

    train: csr_matrix
    test: csr_matrix
    train_y: np.ndarray
    test_y: np.ndarray
    source: Source


def _from_texts(folder: Path, vocabulary: Path, request: Request) -> Counts:
    files = reviews.list_reviews(folder)
    words = read_vocabulary(vocabulary)
    key = _key(vocabulary, fingerprint(files, folder))

    def count() -> tuple[csr_matrix, csr_matrix, str]:
        reader = reviews.ReviewReader(files, request.counter)
        train, test = (count_words(reader.read(len(files) // 2), words) for _ in reviews.SPLITS)
        return train, test, reader.sha256()

    train, test, digest = _cached(folder / "counts-from-text.npz", key, len(words), count)
    canonical = digest == REVIEWS_SHA256 and _sha256(vocabulary) == VOCABULARY_SHA256
    return _labelled(train, test, Source.CANONICAL if canonical else Source.MIRROR)


def _from_feats(folder: Path, vocabulary: Path, feats: list[Path]) -> Counts:
    words = len(read_vocabulary(vocabulary))

    def read() -> tuple[csr_matrix, csr_matrix, str]:
        train, test = (reviews.read_counts(path, words) for path in feats)
        return train, test, ""

    key = _key(vocabulary, fingerprint(map(FileState.of, feats), folder))
    train, test, _ = _cached(folder / "counts-from-feat.npz", key, words, read)
    # no digest of the published files is known here
    return _labelled(train, test, Source.MIRROR)


def _labelled(train: csr_matrix, test: csr_matrix, source: Source) -> Counts:
    y = reviews.label_order()
    return Counts(train=train, test=test, train_y=y, test_y=y, source=source)


def _key(vocabulary: Path, files: str) -> str:
    return json.dumps(
        {"rules": COUNTING_RULES, "vocabulary": _sha256(vocabulary), "files": files}, sort_keys=True
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _cached(
    path: Path, key: str, words: int, make: Callable[[], tuple[csr_matrix, csr_matrix, str]]
) -> tuple[csr_matrix, csr_matrix, str]:
    """Counts of the training and test split and a digest of the reviews, made at most once."""
    arrays = load_arrays(path, key)
    if arrays is None:
        *splits, digest = make()
        arrays = {
            f"{split}_{part}": getattr(counts, part)
            for split, counts in zip(reviews.SPLITS, splits, strict=True)
            for part in _PARTS
        }
        arrays["reviews_sha256"] = np.array(digest)
        save_arrays(path, key, arrays)
    train, test = (
        csr_matrix(
            tuple(arrays[f"{split}_{part}"] for part in _PARTS),
            shape=(len(arrays[f"{split}_indptr"]) - 1, words),
        )
        for split in reviews.SPLITS
    )
    return train, test, str(arrays["reviews_sha256"])


def _select(counts: csr_matrix, y: np.ndarray, config: ImdbConfig) -> Sparse:
    kept = counts[:, : config.vocabulary]
    values = kept.data if config.features is Features.counts else np.ones_like(kept.data)
    return Sparse(
        crow=torch.from_numpy(kept.indptr.astype(np.int64)),
        col=torch.from_numpy(kept.indices.astype(np.int32)),
        val=torch.from_numpy(values.astype(np.float32)),
        y=torch.from_numpy(y),
        features=config.vocabulary,
    )
