"""Reviews to word counts, by the convention of aclImdb's own labeledBow.feat.

The rules were found by comparing with that file, row by row, since no document gives them: lower
case; every "'s" is dropped, wherever it stands ("it's" counts as "it", "O'Sullivan" as "oullivan");
a word may hold single hyphens and apostrophes; "!", "?" and emoticons are words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from adamrepro.errors import UserError

_TOKEN = re.compile(
    r"""
    (?<!\S) (?: [:;=8][-o]?[][()}dp] | [][()}dp][-o]?[:;=8] ) (?!\S)  # emoticon, between spaces
    | [^\W_]+ (?: (?: - | -?'+-? ) [^\W_]+ )*                         # word
    | [!?]
    """,
    re.VERBOSE,
)


def tokens(review: str) -> list[str]:
    """The words of a review, in order."""
    return _TOKEN.findall(review.lower().replace("<br />", " ").replace("'s", ""))


def count_words(reviews: Iterable[str], vocabulary: Sequence[str]) -> csr_matrix:
    """How often each word of `vocabulary` [V] is in each of N reviews, uint16 [N, V]."""
    from sklearn.feature_extraction.text import CountVectorizer  # slow to import, seldom needed

    counter = CountVectorizer(analyzer=tokens, vocabulary=vocabulary, dtype=np.uint16)
    return csr_matrix(counter.transform(reviews))


def read_vocabulary(path: Path) -> list[str]:
    """The words of imdb.vocab, most frequent first.

    Raises:
        UserError: not utf-8, an empty line, or a word that is there twice.
    """
    try:
        words = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is not utf-8: {error}. Fetch it again.") from error
    seen: dict[str, int] = {}
    for number, word in enumerate(words, start=1):
        if not word.strip():
            raise UserError(f"{path}: line {number} is empty; expected one word a line.")
        if word in seen:
            raise UserError(
                f"{path}: line {number} repeats {word!r} of line {seen[word]}; "
                "expected every word once."
            )
        seen[word] = number
    return words
