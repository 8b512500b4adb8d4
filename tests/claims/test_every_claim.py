"""Every claim on made-up tables: a new claim gets a row in `made_up.CASES`."""

import dataclasses
from functools import cache

import pytest
from made_up import CASES, REFERENCES

from adamrepro.claims import CLAIMS, Book, Kind, Verdict, judge
from adamrepro.claims.words import evidence, scorecard, sentence
from adamrepro.results.schema import Tables


@cache
def book_of(name: str, kind: str) -> Book:
    """The made-up tables of a case; no test changes them."""
    return getattr(CASES[name], kind)()


every_claim = pytest.mark.parametrize("name", CLAIMS)


def test_every_claim_has_a_case() -> None:
    assert set(CASES) == set(CLAIMS)


@every_claim
def test_on_the_side_that_the_sentence_asks_for(name: str) -> None:
    found = judge(CLAIMS[name], book_of(name, "holds"))
    assert found.verdict == CASES[name].verdict, evidence(found)
    assert found.reason == ""


@every_claim
def test_on_the_other_side(name: str) -> None:
    found = judge(CLAIMS[name], book_of(name, "fails"))
    assert found.verdict == CASES[name].otherwise, evidence(found)
    assert "fail" in sentence(found)


@every_claim
def test_too_few_seeds(name: str) -> None:
    found = judge(CLAIMS[name], CASES[name].seeds())
    assert found.verdict == Verdict.NOT_JUDGED
    assert "2 seeds, 3 are needed" in found.reason
    assert evidence(found).empty


@every_claim
def test_too_little_data_or_too_short(name: str) -> None:
    found = judge(CLAIMS[name], CASES[name].little())
    assert found.verdict == Verdict.NOT_JUDGED
    assert "are needed" in found.reason


@every_claim
def test_no_tables(name: str) -> None:
    found = judge(CLAIMS[name], Book({}, REFERENCES))
    assert found.verdict == Verdict.NOT_JUDGED
    assert CLAIMS[name].needs.table in found.reason


@every_claim
def test_stand_in_data_is_never_judged(name: str) -> None:
    book = book_of(name, "holds")
    tables = {
        key: Tables(found.runs.assign(data_source="stand-in"), found.curves)
        for key, found in book.tables.items()
    }
    theory = {key: found.assign(data_source="stand-in") for key, found in book.theory.items()}
    found = judge(CLAIMS[name], dataclasses.replace(book, tables=tables, theory=theory))
    assert found.verdict == Verdict.NOT_JUDGED
    assert "stand-in" in found.reason


@every_claim
def test_evidence_is_a_table_and_a_sentence_without_infinities(name: str) -> None:
    for book in (book_of(name, "holds"), book_of(name, "fails")):
        found = judge(CLAIMS[name], book)
        table = evidence(found)
        first = table[table["selection"] == table["selection"].iloc[0]]
        assert first[["ours", "low", "high"]].notna().all(axis=None)
        assert (first["low"] <= first["ours"]).all()
        assert (first["ours"] <= first["high"]).all()
        assert (first["why"].str.len() > 0).all()
        assert (first["runs"] > 0).all()
        row = scorecard([found]).iloc[0]
        assert "inf" not in row["evidence"].replace("infinit", "")
        assert any(digit in row["evidence"] for digit in "0123456789")


@every_claim
def test_needs_are_told(name: str) -> None:
    claim = CLAIMS[name]
    assert claim.id == name
    assert claim.sentence
    assert claim.needs.seeds >= 3
    assert "3 seeds" in str(claim.needs)
    assert ("passes" in str(claim.needs)) == (claim.needs.kind is not Kind.THEORY)
