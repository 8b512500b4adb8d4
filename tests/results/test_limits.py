"""What sets runs apart from the paper's, as captions say it."""

import pandas as pd
import pytest

from adamrepro.results.schema import limits, training_examples
from adamrepro.status.rates import sizes_of


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


@pytest.mark.parametrize(
    ("held_out", "examples", "expected"),
    [(None, None, 60_000), (10_000, None, 50_000), (10_000, 55_000, 50_000), (10_000, 100, 100)],
)
def test_training_examples_are_what_is_neither_held_out_nor_cut(
    held_out: float | None, examples: float | None, expected: int
) -> None:
    runs = pd.DataFrame(
        {"dataset.name": ["mnist"], "dataset.held_out": [held_out], "dataset.examples": [examples]}
    )
    assert list(training_examples(runs.astype({"dataset.held_out": float}))) == [expected]
    assert sizes_of({key: str(value or "") for key, value in runs.iloc[0].items()})[0] == expected
    assert list(training_examples(runs[["dataset.name"]])) == [60_000]
