import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from made import NASTY, named, put, report, results, searched, trace, words

from adamrepro.claims import CLAIMS
from adamrepro.cli import report as command
from adamrepro.figures import FIGURES
from adamrepro.report import runs as run_table
from adamrepro.report.plot import MOST_POINTS, axis, thinned
from adamrepro.report.tables import number
from adamrepro.results.fidelity import plotted
from adamrepro.results.reference import CURVE_PANELS, read_reference
from adamrepro.results.schema import Tables
from adamrepro.results.select import Selection, choose, drawn_runs
from commandline import call
from synthetic import figure_4_tables, tables_like
from tuned_tables import ranked

ROOT = Path(__file__).parents[2]
MOST_BYTES = 6_000_000


class Parsed(HTMLParser):
    """The elements of a page, and the addresses that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def having(self, name: str) -> list[dict[str, str | None]]:
        """Attributes of the elements that have this one."""
        return [attributes for _, attributes in self.elements if name in attributes]


def data_of(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text)
    assert found
    return json.loads(found[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return results(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def text(folder: Path, tmp_path_factory) -> str:
    return report(folder, tmp_path_factory.mktemp("published"))


def test_every_claim_has_a_card_with_its_verdict(text: str) -> None:
    for name, claim in CLAIMS.items():
        assert f'id="claim-{name}"' in text
        assert claim.needs.table in words(text)
    card = re.search(r'id="claim-mnist-logistic">(.*?)</details>', text, re.DOTALL)
    assert card
    assert 'data-verdict="supported"' in card[1]
    assert "Adam above SGDNesterov at the end" in card[1]


def test_curves_are_those_of_the_selection(text: str) -> None:
    tables, panel = tables_like("fig1a"), CURVE_PANELS["fig1a"]
    plots = data_of(text)["plots"]
    for choice in choose(tables.runs, tables.curves, panel):
        seeds = plotted(drawn_runs(tables.runs, choice), tables.curves, panel)
        means = seeds.groupby("x")["y"].mean()
        ours = trace(plots[f"fig1a-{choice.selection}-0"], "ours", choice.series)
        np.testing.assert_allclose(ours["x"], means.index)
        np.testing.assert_allclose(ours["y"], means, rtol=1e-4)
        low, high = np.transpose(ours["customdata"])
        np.testing.assert_allclose(low, seeds.groupby("x")["y"].min(), rtol=1e-4)
        np.testing.assert_allclose(high, seeds.groupby("x")["y"].max(), rtol=1e-4)


def test_the_papers_curves_are_there_whole(text: str) -> None:
    reference = read_reference("fig1a")
    spec = data_of(text)["plots"]["fig1a-tuned-0"]
    for series, line in reference.groupby("series"):
        np.testing.assert_allclose(trace(spec, "paper", str(series))["y"], line["y"], rtol=1e-4)


def test_what_the_paper_plotted_is_dotted_where_ours_is_compared_with_another(
    tmp_path: Path,
) -> None:
    put(tables_like("fig2b"), tmp_path / "quick" / "fig2b")
    spec = data_of(report(tmp_path))["plots"]["fig2b-recovered-0"]
    assert trace(spec, "plotted", "Adam")["y"][-1] == pytest.approx(5.8e-6, rel=0.05)
    assert trace(spec, "paper", "Adam")["y"][-1] == pytest.approx(2.4e-4, rel=0.05)


def test_figure_4_has_a_plot_for_each_cell_and_its_table(text: str) -> None:
    plots = data_of(text)["plots"]
    cells = [name for name in plots if name.startswith("fig4-10-")]
    points = trace(plots[cells[-1]], "ours", "corrected")
    assert len(points["x"]) == 7
    assert "with bias correction 0.55 nats" in words(text), "half of 0.5 and 0.6"


def test_every_link_leads_somewhere(text: str) -> None:
    parsed = Parsed(text)
    there = {attributes["id"] for attributes in parsed.having("id")}
    links = {attributes["href"] or "" for attributes in parsed.having("href")}
    assert "#origin-fig1a" in links
    assert {link[1:] for link in links if link.startswith("#")} <= there
    assert len(there) == len(parsed.having("id")), "an id is there twice"


def test_plotly_knows_everything_that_it_is_told(text: str) -> None:
    for spec in data_of(text)["plots"].values():
        go.Figure(spec)  # raises for a name or a value that plotly does not know


def test_every_plot_has_words_for_those_who_cannot_see_it(text: str) -> None:
    plots = Parsed(text).having("data-plot")
    assert {plot["data-plot"] for plot in plots} == set(data_of(text)["plots"])
    for plot in plots:
        assert plot["role"] == "img"
        assert len(plot["aria-label"] or "") > 60


def test_grids_mark_what_was_chosen_and_its_edges(tmp_path: Path) -> None:
    put(
        tables_like("fig1a", grid=((0.3, 1.2), (1.0, 0.93), (2.0, np.inf))),
        tmp_path / "q" / "fig1a",
    )
    text = report(tmp_path, budget="q")
    spec = data_of(text)["plots"]["grid-fig1a-0"]
    assert "1 of them diverged" in text
    [line] = [each for each in spec["data"] if each["meta"]["kind"] == "grid"]
    assert line["marker"]["symbol"] == ["circle", "circle", "x"]
    chosen = {
        each["meta"]["series"]: each for each in spec["data"] if each["meta"]["kind"] == "chosen"
    }
    assert set(chosen) == set(Selection)
    assert chosen["tuned"]["x"] == [0.001]
    assert chosen["tuned"]["text"] == [""]
    put(tables_like("fig1a", grid=((0.3, 1.2), (1.0, 0.93))), tmp_path / "edge" / "fig1a")
    text = report(tmp_path, budget="edge")
    assert "at the edge of its grid in alpha" in text
    spec = data_of(text)["plots"]["grid-fig1a-0"]
    [tuned] = [
        each for each in spec["data"] if each["meta"] == {"kind": "chosen", "series": "tuned"}
    ]
    assert tuned["text"] == ["\N{DAGGER}"]


def test_a_search_has_readings_and_no_figures(folder: Path) -> None:
    text = report(folder, budget="search")
    assert words(text).count("a search has readings, and no figures") == len(FIGURES)
    assert "\N{LEFTWARDS ARROW} nearest" in text
    assert data_of(text)["plots"] == {}


def test_one_setting_alone_has_no_grid_and_says_so(tmp_path: Path) -> None:
    put(tables_like("fig1a", grid=((1.0, 1.0),)), tmp_path / "quick" / "fig1a")
    text = report(tmp_path)
    assert "the only setting that was tried" in text
    assert not [name for name in data_of(text)["plots"] if name.startswith("grid-")]


def test_readings_are_listed_with_the_nearest_first(text: str) -> None:
    section = re.search(r'<section id="readings".*?</section>', text, re.DOTALL)
    assert section
    assert section[0].count("\N{LEFTWARDS ARROW} nearest") == 3, "one a series"
    assert "batch: 128" in section[0]


def test_readings_are_the_published_ones_where_none_were_searched(tmp_path: Path) -> None:
    put(tables_like("fig1a"), tmp_path / "own" / "quick" / "fig1a")
    put(searched(tables_like("fig1a")), tmp_path / "record" / "search" / "fig1a")
    said = words(report(tmp_path / "own", tmp_path / "record"))
    assert f"From {tmp_path / 'record' / 'search' / 'fig1a'}" in said
    assert "There are no tables of budget search" not in said


def test_what_is_missing_is_named(text: str, tmp_path: Path) -> None:
    said = words(text)
    for name in FIGURES.keys() - {"fig1a", "fig4"}:
        assert re.search(f"{name}: no tables in \\S+/{name}", said)
    assert "nothing is published there to compare with" in said
    put(figure_4_tables(last=10), tmp_path / "quick" / "fig4")
    said = words(report(tmp_path))
    assert "There are no grids" in said
    assert "No open setting was searched" in said
    assert "These are the published tables themselves" in said


def test_ones_own_runs_stand_beside_the_published_ones(tmp_path: Path) -> None:
    put(tables_like("fig1a"), tmp_path / "own" / "quick" / "fig1a")
    other = tables_like("fig1a")
    other.runs["date"] = "2026-01-01"
    put(other, tmp_path / "record" / "quick" / "fig1a")
    put(other, tmp_path / "record" / "quick" / "fig1b")
    said = words(report(tmp_path / "own", tmp_path / "record"))
    assert "3 series: 3 identical" in said
    assert "fig1b: no runs of yours; nothing to compare" in said


def test_an_experiment_without_a_figure_is_in_the_table_of_runs(folder: Path) -> None:
    put(tables_like("fig1a"), folder / "more" / "matter_logistic")
    rows = data_of(report(folder, budget="more"))["runs"]["rows"]
    assert {row[0] for row in rows} == {"matter_logistic"}


def test_the_table_of_runs_holds_every_run(text: str, monkeypatch, folder: Path) -> None:
    table = data_of(text)["runs"]
    tables = tables_like("fig1a")
    own = [row for row in table["rows"] if row[0] == "fig1a"]
    assert {row[-1] for row in own} == set(tables.runs["run_id"])
    costs = {row[-1]: row[table["columns"].index("cost")] for row in own}
    assert costs["Adam-10-0"] == "diverged"
    assert float(costs["Adam-1-0"]) == pytest.approx(0.2571, rel=0.02)
    monkeypatch.setattr(run_table, "MOST", 7)
    cut = report(folder)
    assert len(data_of(cut)["runs"]["rows"]) == 7
    assert f"{len(table['rows']) - 7} further runs are in the tables" in words(cut)


@pytest.mark.parametrize("damage", ["a column", "a word", "no grid", "cut off"])
def test_tables_that_cannot_be_shown_are_named_and_the_others_are_shown(
    folder: Path, tmp_path: Path, damage: str
) -> None:
    put(figure_4_tables(last=10), tmp_path / "quick" / "fig4")
    tables = tables_like("fig1a")
    if damage == "a column":
        tables = Tables(tables.runs.drop(columns="seconds"), tables.curves)
    if damage == "a word":
        tables.curves["train_cost"] = "low"
        tables.curves["train_nll"] = "low"
    if damage == "no grid":
        tables = Tables(tables.runs[tables.runs["role"] == "confirm"], tables.curves)
    put(tables, tmp_path / "quick" / "fig1a")
    if damage == "cut off":
        path = tmp_path / "quick" / "fig1a" / "curves.csv"
        path.write_text("run_id,ep")
    text = report(tmp_path)
    assert re.search(r'role="note">[^<]*fig1a', text)
    assert "fig4-10-0_9-0_999" in data_of(text)["plots"]


def test_strings_of_tables_are_never_markup(tmp_path: Path) -> None:
    tables = named(tables_like("fig1a"), "Adam", NASTY)
    tables.runs[["commit", "machine", "data_sha"]] = NASTY
    put(tables, tmp_path / "quick" / "fig1a")
    put(searched(tables), tmp_path / "search" / "fig1a")
    put(tables, tmp_path / "record" / "quick" / "fig1a")
    text = report(tmp_path, tmp_path / "record")
    parsed = Parsed(text)
    assert not [tag for tag, _ in parsed.elements if tag == "img"]
    assert not parsed.having("onerror")
    assert len([tag for tag, _ in parsed.elements if tag == "script"]) == 4
    data = data_of(text)
    assert NASTY in {row[1] for row in data["runs"]["rows"]}
    for spec in data["plots"].values():
        drawn = [each for each in spec["data"] if each["meta"]["kind"] != "chosen"]
        told = "".join(str(each.get(key)) for each in drawn for key in ("name", "hovertemplate"))
        assert "<img" not in told
        assert "<b>" not in told, "plotly has markup of its own"


def test_the_page_asks_the_network_for_nothing(text: str) -> None:
    parsed = Parsed(text)
    for name in ("src", "href", "action"):
        for attributes in parsed.having(name):
            assert re.match(r"#|data:", attributes[name] or ""), attributes
    [policy] = [each["content"] for each in parsed.having("http-equiv")]
    assert (policy or "").startswith("default-src 'none'")
    assert len(text.encode()) < MOST_BYTES


def test_the_same_tables_give_the_same_page(text: str, folder: Path, tmp_path: Path) -> None:
    record = Path(re.search(r"(/\S+)/quick: nothing is published", words(text))[1])  # type: ignore[index]
    assert report(folder, record) == text


def test_the_command_writes_one_file_and_prints_its_path(
    folder: Path, tmp_path: Path, capsys
) -> None:
    ended = call(capsys, command.main, "report", "--results", folder, "--figures", tmp_path)
    assert ended.status == 0
    [path] = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert path == tmp_path / "quick" / "report" / "index.html"
    assert ended.out.strip() == str(path)


@pytest.mark.parametrize("budget", ["smoke", "full"])
def test_a_budget_without_tables_is_told_in_a_line(
    folder: Path, tmp_path: Path, capsys, budget: str
) -> None:
    (folder / "full" / "fig1a").mkdir(parents=True, exist_ok=True)
    asked = ["--budget", budget, "--results", folder, "--figures", tmp_path / "figures"]
    ended = call(capsys, command.main, "report", *asked)
    assert ended.status == 2
    assert f"{folder / budget}: no tables" in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not (tmp_path / "figures").exists()


def test_the_command_needs_no_torch(folder: Path, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        f"sys.argv = ['adamrepro', 'report', '--results', {str(folder)!r},"
        f" '--figures', {str(tmp_path)!r}]\n"
        "from adamrepro.cli import main\n"
        "status = main()\n"
        "print({'torch', 'hydra', 'wandb'} & set(sys.modules))\n"
        "sys.exit(status)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ)
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "set()"


def test_long_curves_are_thinned_to_what_a_screen_shows() -> None:
    table = pd.DataFrame({"y": range(24_000)})
    thin = thinned(table)
    assert len(thin) == MOST_POINTS
    assert (thin["y"].iloc[0], thin["y"].iloc[-1]) == (0, 23_999)
    assert thinned(thin) is thin


def test_numbers_and_axes() -> None:
    assert [number(value) for value in (0.25713, float("inf"), float("nan"), None)] == [
        *("0.2571", "diverged"),
        *("", ""),
    ]
    assert axis("cost", (1e-3, 1e1), log=True)["range"] == [-3.0, 1.0]
    assert axis("cost", (0.03, 0.3), log=True)["ticktext"] == ["0.05", "0.1", "0.2"]


@pytest.mark.slow
@pytest.mark.parametrize("budget", ["quick", "full", "search"])
def test_the_published_tables_make_a_page(budget: str) -> None:
    text = report(ROOT / "results" / "published", budget=budget)
    assert len(text.encode()) < MOST_BYTES
    assert "cannot be shown" not in text
    assert data_of(text)["runs"]["rows"]


def test_what_lies_beyond_the_paper_is_shown_or_how_to_train_it(tmp_path: Path, text: str) -> None:
    assert "Not trained: adamrepro train -m experiment=matter/logistic budget=quick" in text
    assert "Not trained: adamrepro train -m experiment=after_adam/logistic budget=quick" in text
    put(ranked({"Lion": -0.1}), tmp_path / "full" / "after_adam_mlp")
    details = ROOT / "results" / "published" / "full" / "matter_logistic"
    shutil.copytree(details, tmp_path / "full" / "matter_logistic")
    beyond = report(tmp_path, budget="full")
    beyond = words(beyond[beyond.index('id="beyond"') : beyond.index('id="comparison"')])
    assert "After Adam: network with dropout, MNIST" in beyond
    lion = r"1 Lion better -0\.1 \(.*?\) better -0\.1 \(.*?\) alpha=0\.01 0\.0667"
    assert re.search(lion, beyond)
    assert "2 tuned Adam" in beyond
    assert "Where eps stands logistic regression Adam, eps beside sqrt(v)" in beyond
    assert "Not trained" not in beyond


def test_damage_beyond_the_paper_is_named_in_its_place(tmp_path: Path) -> None:
    made = ranked({"Lion": -0.1})
    put(
        Tables(made.runs.drop(columns="optimizer.alpha"), made.curves),
        tmp_path / "full/after_adam_mlp",
    )
    said = words(report(tmp_path, budget="full"))
    assert "these tables cannot be shown (KeyError: " in said
    assert "keep them, ADAMREPRO_TRACEBACK=1 shows the place" in said
