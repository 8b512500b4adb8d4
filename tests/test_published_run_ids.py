"""Published runs keep their identity, so that nothing that is done is trained again."""

import csv

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from adamrepro.config import to_run_config
from adamrepro.results.run_id import run_id
from commandline import PROJECT, composed

EXPERIMENTS = ["fig1a", "fig1b"]

DATA = {
    "ea108faaf69d": "ea108faaf69d262fdfe6d205d9da55ccdcd172cbffd0d9620f8459327db611f0",
    "68cb1289d597": "68cb1289d5971c8e1a46f6a6742ba150e393502cce5228cc2934f370aef74c86",
}
"""Checksums of MNIST and IMDB, of which the tables show the beginning."""

Row = dict[str, str]


def published(experiment: str) -> list[Row]:
    """One run of every curve, in every role."""
    table = PROJECT / "results" / "full" / experiment / "runs.csv"
    with table.open(newline="") as file:
        rows = {(row["series"], row["role"]): row for row in csv.DictReader(file)}
    return list(rows.values())


def identity(row: Row) -> str:
    """The run_id of a row's settings, taken as the command line would take them."""
    groups = {key.removesuffix(".name"): row[key] for key in row if key.endswith(".name")}
    config = composed(*(f"{group}={name}" for group, name in groups.items()))
    settings = {key: value for key, value in row.items() if "." in key or key == "seed"}
    given = [f"{key}={value}" for key, value in settings.items() if value]  # blank: null, or none
    for each in OverridesParser.create().parse_overrides(given):
        OmegaConf.update(config, each.key_or_group, each.value(), merge=True)
    return run_id(to_run_config(config).settings(), DATA[row["data_sha"]])


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_published_runs_keep_their_identity(experiment: str) -> None:
    rows = published(experiment)
    assert len(rows) >= 6
    for row in rows:
        assert identity(row) == row["run_id"], (row["series"], row["role"])
