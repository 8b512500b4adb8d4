"""How long runs were trained for."""

from __future__ import annotations

import pandas as pd


def training_seconds(runs: pd.DataFrame) -> pd.Series:
    """Seconds that each run was trained for; nan where they are not known.

    Of one thread it is the processor's time, in which nothing else had its core.
    """
    unknown = pd.Series(float("nan"), index=runs.index)
    one_thread = runs["device"].eq("cpu") & runs["threads"].eq(1)
    seconds = runs["seconds"].mask(one_thread, runs.get("cpu_seconds", unknown))
    return seconds.where(seconds > 0)
