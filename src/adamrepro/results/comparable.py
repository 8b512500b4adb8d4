"""Which of one's own experiments can be compared with the published ones."""

from collections.abc import Iterator
from pathlib import Path

from adamrepro.results.rows import read_rows
from adamrepro.results.run_id import row_run_id
from adamrepro.results.schema import Tables


def obstacles(own: Path, record: Path, published: list[str]) -> Iterator[str]:
    """Say which experiments there is nothing, or not everything, to compare of, and why.

    own, record: folders of a budget. published: the experiments of `record`.
    """
    for name in published:
        if not Tables.exist(own / name):
            stand_in = own.with_name(f"{own.name}-stand-in") / name
            why = "your runs used stand-in data" if Tables.exist(stand_in) else "no runs of yours"
            yield f"{name}: {why}; nothing to compare"
            continue
        for folder, whose in ((own / name, "your runs"), (record / name, "the published runs")):
            rows = read_rows(folder / "runs.csv")
            if others := sum(row["run_id"] != row_run_id(row) for row in rows):
                version = "by another version of this code, and cannot be compared"
                yield f"{name}: {others} of {len(rows)} of {whose} were made {version}"
