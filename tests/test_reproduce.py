"""`adamrepro reproduce`, with other commands that only take notes."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

PUBLISHED = Path(__file__).parents[1] / "results" / "published"

RUN = """
import pathlib, sys
from adamrepro.cli import reproduce
reproduce.COMMAND = (sys.executable, sys.argv.pop(1))
reproduce.EXPERIMENTS = ("figA", "figB", "figC")
reproduce.datasets_of = lambda names: [f"data of {name}" for name in names]
sys.exit(reproduce.main())
"""

# Stands in for the other commands.
SCRIPT = """
import os, pathlib, signal, sys, time
name, *told = sys.argv[1:]
with open(os.environ["NOTES"], "a") as notes:
    print(name, os.environ["ADAMREPRO_DATA"], *told, sep="|", file=notes)
given = dict(word.split("=") for word in told if "=" in word)
if name == "train" and "SLOW" in os.environ:
    def stop(number, frame):
        print("stopped", file=open(os.environ["NOTES"], "a"), flush=True)
        sys.exit(130)
    signal.signal(signal.SIGTERM, stop)
    pathlib.Path(os.environ["SLOW"]).touch()
    time.sleep(60)
if name == "train":
    for experiment in given["experiment"].split(","):
        results = given["results"].strip("'")
        folder = pathlib.Path(results, given["budget"], experiment)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "runs.csv").touch()
if name == os.environ.get("BROKEN"):
    sys.exit(int(os.environ["STATUS"]))
if name == "plot":
    folder = pathlib.Path(told[told.index("--figures") + 1], told[told.index("--budget") + 1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fig.pdf").touch()
if name == "report":
    if "NO_REPORT" in os.environ:
        sys.exit(1)
    folder = pathlib.Path(told[told.index("--figures") + 1], told[told.index("--budget") + 1])
    (folder / "report").mkdir(parents=True, exist_ok=True)
    (folder / "report" / "index.html").touch()
"""


@dataclass
class Sandbox:
    folder: Path

    def reproduce(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", RUN, str(self.folder / "script.py"), *arguments],
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            cwd=self.folder.parent,
            timeout=60,
        )

    def environment(self, **variables: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k != "ADAMREPRO_DATA"}
        own = {"ADAMREPRO_HOME": str(self.folder), "NOTES": str(self.folder / "notes")}
        return {**kept, **own, **variables}

    def calls(self) -> list[tuple[str, str, list[str]]]:
        """Script, data folder and arguments of each call."""
        notes = self.folder / "notes"
        lines = notes.read_text().splitlines() if notes.exists() else []
        return [(name, data, told) for name, data, *told in (line.split("|") for line in lines)]

    def trained(self) -> list[str]:
        """What each call trained."""
        return [told[1] for name, _, told in self.calls() if name == "train"]


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "script.py").write_text(SCRIPT)
    return Sandbox(folder)


def test_every_step_is_taken_in_order_and_the_paths_are_printed(sandbox: Sandbox) -> None:
    done = sandbox.reproduce()
    assert done.returncode == 0, done.stderr
    names = [name for name, _, _ in sandbox.calls()]
    after = ["plot", "claims", "report", "compare"]
    assert names == ["fetch-data", "train", "theory", *after]
    assert sandbox.trained() == ["experiment=figA,figB,figC"]
    assert {data for _, data, _ in sandbox.calls()} == {str(sandbox.folder / "data")}
    printed = [Path(line) for line in done.stdout.splitlines() if line.startswith("/")]
    tables, figures = (sandbox.folder / kind / "local" / "quick" for kind in ("results", "figures"))
    assert printed == [tables, figures, figures / "report" / "index.html"]
    assert all(path.exists() for path in printed)


def test_a_report_that_fails_costs_nothing_else(sandbox: Sandbox) -> None:
    done = sandbox.reproduce(NO_REPORT="1")
    assert done.returncode == 1
    assert [name for name, _, _ in sandbox.calls()][-1] == "compare"
    [line] = [line for line in done.stdout.splitlines() if "FAILED" in line]
    assert line.split()[:2] == ["report", "quick"]
    assert str(sandbox.folder / "figures" / "local" / "quick") in done.stdout


@pytest.mark.parametrize(("broken", "name"), [("train", "training"), ("theory", "theory")])
def test_a_failing_step_stops_none_of_the_others(sandbox: Sandbox, broken: str, name: str) -> None:
    done = sandbox.reproduce(BROKEN=broken, STATUS="1")
    assert done.returncode == 1
    assert [name for name, _, _ in sandbox.calls()][-4:] == ["plot", "claims", "report", "compare"]
    [line] = [line for line in done.stdout.splitlines() if "FAILED" in line]
    assert line.split()[0] == name


def test_an_interrupted_step_stops_everything(sandbox: Sandbox) -> None:
    done = sandbox.reproduce(BROKEN="train", STATUS="130")
    assert done.returncode == 130
    assert [name for name, _, _ in sandbox.calls()] == ["fetch-data", "train"]
    assert "the same command goes on" in done.stderr


def test_only_what_is_named_is_trained_with_the_data_it_needs(sandbox: Sandbox) -> None:
    assert sandbox.reproduce("figC", "figA").returncode == 0
    assert sandbox.trained() == ["experiment=figC,figA"]
    names = [name for name, _, _ in sandbox.calls()]
    assert names == ["fetch-data", "train", "plot", "claims", "report", "compare"]
    assert sandbox.calls()[0][2][:2] == ["data of figC", "data of figA"]


def test_a_terminated_call_stops_what_it_runs(sandbox: Sandbox, tmp_path: Path) -> None:
    """SIGTERM reaches one process only, unlike Ctrl-C: nothing may go on training behind it."""
    training = tmp_path / "training"
    environment = sandbox.environment(SLOW=str(training))
    command = [sys.executable, "-c", RUN, str(sandbox.folder / "script.py")]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        while not training.exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.terminate()
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on" in said
    assert (sandbox.folder / "notes").read_text().endswith("stopped\n")


def test_smoke_looks_for_no_data_unless_told_where(sandbox: Sandbox, tmp_path: Path) -> None:
    assert sandbox.reproduce("--budget", "smoke").returncode == 0
    assert sandbox.calls()[0][0] == "train"
    assert not any(Path(data).exists() for _, data, _ in sandbox.calls())
    (sandbox.folder / "notes").unlink()
    assert sandbox.reproduce("--budget", "smoke", ADAMREPRO_DATA=str(tmp_path)).returncode == 0
    assert {data for _, data, _ in sandbox.calls()} == {str(tmp_path)}


def test_training_takes_what_fetching_left_it(sandbox: Sandbox) -> None:
    """Three data sets that cannot be had are looked for once, not once per experiment."""
    sandbox.reproduce()
    for name, _, told in sandbox.calls():
        if name == "train":
            assert told[-2:] == ["data.download=false", "data.stand_in=true"]


def test_stand_ins_have_figures_and_claims_of_their_own(sandbox: Sandbox) -> None:
    other = sandbox.folder / "results" / "local" / "quick-stand-in" / "figA"
    other.mkdir(parents=True)
    (other / "runs.csv").touch()
    sandbox.reproduce()
    judged = [told[1] for name, _, told in sandbox.calls() if name == "claims"]
    assert judged == ["quick", "quick-stand-in"]


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        ([], {"ADAMREPRO_DATA": "/no/such/folder"}, "DATA=/no/such/folder: no such folder"),
        (["--budget", "qick"], {}, "--budget qick: no such budget; did you mean quick?"),
        (["--budget", "search"], {}, "--budget search: no such budget; known: full, quick, smoke"),
        (["figD"], {}, "figD: no such experiment; did you mean figC?"),
        (["--published"], {}, "unrecognized arguments: --published; see "),
        (["--results", f"{PUBLISHED}"], {}, f"--results {PUBLISHED}: published; expected"),
        (["--from", "/no/such/folder"], {}, "--from /no/such/folder: no tables in there"),
    ],
)
def test_a_mistake_is_answered_at_once(
    sandbox: Sandbox, arguments: list[str], variables: dict[str, str], said: str
) -> None:
    done = sandbox.reproduce(*arguments, **variables)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not sandbox.calls()
