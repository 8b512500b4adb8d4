"""The picture of a class beside tuned Adam."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from drawn import line, texts

from adamrepro.figures import style
from adamrepro.figures.bench import make
from tuned_tables import ADAM, MINE, beside


def test_curves_and_grids_of_every_task(tmp_path: Path) -> None:
    tables = {"one": beside(-0.1), "two": beside(0.1, diverged=("Mine-2-0",))}
    with style.styled():
        figure = make(MINE, ADAM, tables)
    passes, steps, others, more = figure.axes
    assert [axes.get_title() for axes in (passes, others)] == ["one", "two"]
    assert set(texts(passes)) == {MINE, ADAM}
    ends = [line(passes, f"ours:{name}").get_ydata()[-1] for name in (MINE, ADAM)]
    np.testing.assert_allclose(np.log10(ends[0] / ends[1]), -0.1)
    np.testing.assert_allclose(line(steps, f"steps:{MINE}").get_xdata(), [1e-3, 1e-2, 1e-1])
    np.testing.assert_allclose(
        line(steps, f"steps:{ADAM}").get_ydata(), 0.1 * 10 ** np.array([0.1, 0, 0.1])
    )
    assert len(line(more, f"steps:{MINE}").get_xdata()) == 2, "one diverged"
    assert passes.get_xlim()[0] == 1
    assert passes.get_yscale() == steps.get_yscale() == steps.get_xscale() == "log"
    assert [path.suffix for path in style.save(figure, tmp_path, "Mine")] == [".pdf", ".png"]


def test_a_class_all_of_whose_runs_diverged(tmp_path: Path) -> None:
    names = [f"Mine-{place}-0" for place in range(3)] + [f"Mine-1-{seed}" for seed in (1, 2, 3)]
    with style.styled():
        figure = make(MINE, ADAM, {"one": beside(0.0, diverged=tuple(names))})
    assert len(line(figure.axes[1], f"steps:{MINE}").get_xdata()) == 0
    assert len(line(figure.axes[1], f"steps:{ADAM}").get_xdata()) == 3
    assert style.save(figure, tmp_path, "Mine")
