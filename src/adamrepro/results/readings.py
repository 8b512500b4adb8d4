"""What a search over the open settings found: the nearest run of each reading."""

import pandas as pd

from adamrepro.results.fidelity import distances
from adamrepro.results.reference import panel_of, read_reference
from adamrepro.results.schema import Tables
from adamrepro.results.select import hyper_parameters
from adamrepro.results.summary import describe


def nearest_runs(tables: Tables, experiment: str) -> pd.DataFrame:
    """Return the run nearest the paper for each series and reading, best first.

    Columns series, reading, setting, fidelity (dex), points (that it was taken over), runs (that
    were searched).
    """
    panel = panel_of(experiment)
    runs = tables.runs
    found = distances(runs, tables.curves, panel, read_reference(panel.name))
    found = found.reset_index(drop=True)
    scored = runs.reset_index(drop=True).assign(dex=found["dex"], points=found["points"])
    rows = []
    for (series, reading), tried in scored.groupby(["series", "reading"], sort=False):
        best = tried.sort_values("dex", kind="stable").iloc[0]
        rows.append(
            {
                "series": series,
                "reading": reading,
                "setting": describe(best, hyper_parameters(tried)),
                "fidelity": best["dex"],
                "points": int(best["points"]),
                "runs": len(tried),
            }
        )
    order = {name: place for place, name in enumerate([*panel.series, *panel.extra])}
    rows.sort(key=lambda row: (order.get(str(row["series"]), 99), row["fidelity"]))
    return pd.DataFrame(rows)
