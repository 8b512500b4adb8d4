import pytest

from adamrepro.data.words import count_words, read_vocabulary, tokens
from adamrepro.errors import UserError


@pytest.mark.parametrize(
    ("review", "words"),
    [
        ("The film, the FILM.", ["the", "film", "the", "film"]),
        ("It's Bob's; isn't it?", ["it", "bob", "isn't", "it", "?"]),
        ("O'Sullivan's 'superb' O'Hara", ["oullivan", "uperb", "o'hara"]),
        ("one<br /><br />two", ["one", "two"]),
        ("a far-fetched, over-the-top plot--dull", ["a", "far-fetched", "over-the-top"]),
        ("No!! Why?!", ["no", "!", "!", "why", "?", "!"]),
        ("nice :) or ;-) or :( here(:)", ["nice", ":)", "or", ";-)", "or", ":(", "here"]),
        ("un clich\u00e9 d'Am\u00e9lie", ["un", "clich\u00e9", "d'am\u00e9lie"]),
        ("shoot-'em-up ends' -dash- _x_", ["shoot-'em-up", "ends", "dash", "x"]),
        ("8/10 in 1995", ["8", "10", "in", "1995"]),
    ],
)
def test_words_are_told_apart_as_in_the_published_counts(review, words):
    assert tokens(review)[: len(words)] == words


def test_counts_follow_the_order_of_the_vocabulary():
    counts = count_words(["b a b c", "", "c! a"], ["c", "!", "b", "z"])
    assert counts.toarray().tolist() == [[1, 0, 2, 0], [0, 0, 0, 0], [1, 1, 0, 0]]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"the\na\n\xff\xfe\n", "imdb.vocab: is not utf-8"),
        (b"the\n\na\n", "line 2 is empty"),
        (b"", "line 1 is empty"),
        (b"the\na\nfilm\na\n", "line 4 repeats 'a' of line 2"),
    ],
)
def test_a_damaged_vocabulary_is_refused(tmp_path, raw, message):
    path = tmp_path / "imdb.vocab"
    path.write_bytes(raw)
    with pytest.raises(UserError, match=message):
        read_vocabulary(path)
