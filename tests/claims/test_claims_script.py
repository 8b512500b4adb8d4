import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from made_up import altered

from adamrepro.claims import CLAIMS, Book, Judgement, judge
from adamrepro.claims.document import document
from adamrepro.cli.claims import main
from commandline import call

ROOT = Path(__file__).parents[2]


def claims(*arguments: object) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('torch' in sys.modules, file=sys.stderr))\n"
        f"sys.argv = {['adamrepro', 'claims', *map(str, arguments)]!r}\n"
        "from adamrepro.cli import main\n"
        "sys.exit(main())\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )


def test_the_script_prints_and_writes_every_claim(tmp_path: Path) -> None:
    folder = tmp_path / "quick" / "fig1a"
    folder.mkdir(parents=True)
    tables = altered("fig1a")
    tables.runs.to_csv(folder / "runs.csv", index=False)
    tables.curves.to_csv(folder / "curves.csv", index=False)
    done = claims("--results", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == "False", "torch was imported"
    table = pd.read_csv(tmp_path / "quick" / "claims.csv").set_index("id")
    assert list(table.index) == list(CLAIMS)
    assert table.loc["mnist-logistic", "verdict"] == "supported"
    assert (table["verdict"].drop("mnist-logistic") == "not judged").all()
    checks = pd.read_csv(tmp_path / "quick" / "claims_evidence.csv")
    assert set(checks["claim"]) == {"mnist-logistic"}
    assert {"what", "ours", "low", "high", "threshold", "why", "outcome"} <= set(checks)
    for claim in CLAIMS:
        assert claim in done.stdout


def test_a_wrong_folder_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = call(capsys, main, "claims", "--results", tmp_path, "--budget", "full")
    assert ended.status == 2
    assert "full" in ended.err
    assert "Traceback" not in ended.err


def test_a_damaged_theory_table_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "quick" / "theory" / "regret.csv"
    path.parent.mkdir(parents=True)
    path.touch()
    ended = call(capsys, main, "claims", "--results", tmp_path)
    assert ended.status == 2
    assert "regret.csv" in ended.err
    assert "Traceback" not in ended.err


def test_a_table_without_its_columns_is_judged_by_no_claim(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "quick" / "theory" / "regret.csv"
    path.parent.mkdir(parents=True)
    path.write_text("seed\n1\n2\n3\n")
    ended = call(capsys, main, "claims", "--results", tmp_path)
    assert ended.status == 0, ended.err
    judged = pd.read_csv(tmp_path / "quick" / "claims.csv").set_index("id")
    assert judged.at["regret", "verdict"] == "not judged"
    assert "cannot be shown (KeyError" in "".join(map(str, judged.loc["regret"]))
    monkeypatch.setenv("ADAMREPRO_TRACEBACK", "1")
    with pytest.raises(KeyError):
        call(capsys, main, "claims", "--results", tmp_path)


def test_theory_that_needs_no_data_counts_beside_stand_ins(tmp_path: Path) -> None:
    for budget, name in (("quick", "regret"), ("quick-stand-in", "annealing")):
        path = tmp_path / budget / "theory" / f"{name}.csv"
        path.parent.mkdir(parents=True)
        path.write_text("seed,data_source\n1,\n")
    assert set(Book.read(tmp_path, "quick-stand-in").theory) == {"regret", "annealing"}
    assert set(Book.read(tmp_path, "quick").theory) == {"regret"}


@pytest.fixture(scope="module")
def published() -> list[Judgement]:
    book = Book.read(ROOT / "results" / "published", "full")
    return [judge(claim, book) for claim in CLAIMS.values()]


def test_the_page_is_that_of_the_committed_tables(published: list[Judgement]) -> None:
    page, command = document(published, "full"), "adamrepro claims --published --budget full --docs"
    assert (ROOT / "docs" / "claims.md").read_text() == page, f"out of date: {command}"


@pytest.mark.parametrize("budget", ["quick", "full"])
def test_the_committed_claims_are_those_of_the_committed_tables(
    budget: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = ROOT / "results" / "published"
    for name in (budget, "search"):
        shutil.copytree(record / name, tmp_path / name)
    assert call(capsys, main, "claims", "--results", tmp_path, "--budget", budget).status == 0
    for name in ("claims.csv", "claims_evidence.csv"):
        made = (tmp_path / budget / name).read_text()
        assert made == (record / budget / name).read_text(), "adamrepro claims --published"


def test_the_readme_counts_the_verdicts_of_the_page() -> None:
    page, readme = ((ROOT / name).read_text() for name in ("docs/claims.md", "README.md"))
    (counted,) = re.findall(r"^\*\*(\d+ claims: .*)\*\*$", page, flags=re.MULTILINE)
    assert counted in readme


def test_the_page_has_every_claim_and_no_infinity(published: list[Judgement]) -> None:
    page = document(published, "full")
    for name in CLAIMS:
        assert f"\n## {name}\n" in page
        assert f"(#{name})" in page
    assert not re.search(r"\b(inf|nan)\b", page)


def test_the_committed_verdicts_are_those_of_the_committed_tables(
    published: list[Judgement],
) -> None:
    committed = pd.read_csv(ROOT / "results" / "published" / "full" / "claims.csv").set_index("id")[
        "verdict"
    ]
    assert committed.to_dict() == {found.claim.id: str(found.verdict) for found in published}
