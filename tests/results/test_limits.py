"""What sets runs apart from the paper's, as captions say it."""

import pandas as pd
import pytest

from adamrepro.results.schema import limits


def runs(examples: list[float], epochs: list[int], source: str = "canonical") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "dataset.name": "mnist",
            "dataset.examples": examples,
            "training.epochs": epochs,
            "data_source": source,
            "data_sha": "0",
        }
    )


NAN = float("nan")


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (runs([NAN, 60_000], [46, 46]), []),
        (runs([NAN, NAN], [46, 50]), []),
        (runs([500, 500], [46, 46]), ["500 of 60,000 examples"]),
        (runs([500, NAN], [1, 46]), ["500 to 60,000 of 60,000 examples", "1 to 46 of 46 passes"]),
        (runs([NAN, NAN], [3, 3]), ["3 of 46 passes"]),
        (runs([NAN], [46], "mirror"), ["data: MIRROR, not the canonical files"]),
    ],
)
def test_the_least_and_the_most_are_told(table: pd.DataFrame, expected: list[str]) -> None:
    assert limits(table, 46) == expected
