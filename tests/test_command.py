"""A mistake at the command line is answered in a line or two that name it: never a traceback."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from commandline import train

SINGLE = {
    # misspelt keys and choices: the nearest one is named
    "optimizer.alhpa=0.1": ("optimizer.alhpa", "did you mean alpha"),
    "training.epoch=3": ("training.epoch", "did you mean epochs"),
    "trainig.epochs=3": ("trainig", "training"),
    "population.size=3": ("population", "execution.population"),
    "training.compile=off": ("training.compile", "execution.compile"),
    "sed=3": ("sed", "seed"),
    "optimizer=adm": ("optimizer=adm", "did you mean adam"),
    "optimzer=adam": ("optimzer", "optimizer"),
    "dataset=mnst": ("dataset=mnst", "did you mean mnist"),
    "budget=quik": ("budget=quik", "did you mean quick"),
    "optimizer.name=adm": ("optimizer.name=adm", "did you mean adam"),
    "optimizer.name=sgd": ("optimizer.", "beta1"),
    "+optimizer.gamma=1": ("optimizer.gamma",),
    "+sed=3": ("sed", "did you mean seed"),
    # out of range: the range is named
    "optimizer.alpha=0": ("optimizer.alpha=0", "above 0"),
    "optimizer.beta2=1": ("optimizer.beta2=1", "[0, 1)"),
    "training.batch_size=0": ("training.batch_size=0", "above 0"),
    "dataset.examples=60001": ("dataset.examples=60001", "60000"),
    "execution.device=tpu": ("execution.device=tpu", "cpu"),
    "results=/proc/version": ("results=/proc/version", "a folder"),
    # another type: the expected one is named
    "training.epochs=three": ("training.epochs", "three"),
    "optimizer.alpha=fast": ("optimizer.alpha", "fast"),
    "optimizer.eps_form=other": ("optimizer.eps_form", "algorithm1"),
    "seed=1.5": ("seed=1.5", "whole number"),
    "training=5": ("training=5", "training.KEY=VALUE"),
    "optimizer=null": ("optimizer=null",),
    # of another choice: that one is named
    "tracking.mode=online": ("tracking.mode", "only with tracking=wandb"),
    "optimizer.momentum=0.9": ("optimizer.momentum", "optimizer=sgd"),
    # an experiment: in a folder, or without its key
    "experiment=matter/logistics": ("experiment=matter/logistics", "did you mean matter/logistic?"),
    "fig1a": ("fig1a: expected KEY=VALUE; did you mean experiment=fig1a?",),
    "matter/vae": ("did you mean experiment=matter/vae?",),
    "lr=0.1": ("lr: no such key; did you mean optimizer.alpha?",),
    "optimizer.lr=0.1": ("optimizer.lr: no such key; did you mean optimizer.alpha?",),
    "optimizer.betas=0.9": ("did you mean optimizer.beta1 and optimizer.beta2?",),
    "epochs=3": ("epochs: no such key; did you mean training.epochs?",),
    "optimizer=torch.optim.NAdam": ("optimizer=external optimizer.cls=torch.optim.NAdam",),
    "optimizer=external optimizer.lr=1": ("did you mean optimizer.kwargs.lr?",),
    "--budget smoke": ("--budget: expected budget=NAME",),
    # what Hydra's grammar does not read
    "optimizer.alpha": ("optimizer.alpha",),
    "optimizer.alpha=[1": ("optimizer.alpha",),
    "optimizer.alpha=0.1,0.2": ("optimizer.alpha=0.1,0.2: several values; add -m",),
    # what chooses from a grid
    "experiment=fig1a series=Adam": ("series=Adam: chooses from an experiment's grid; add -m",),
    "experiment=fig1a hydra/launcher=slurm": ("hydra/launcher=slurm: takes the populations of",),
    "experiment=fig1a reading=x": ("reading=x: chooses from an experiment's grid; add -m",),
}
MULTI = {
    "experiment=fig1a optimizer.alhpa=1": ("optimizer.alhpa", "did you mean alpha"),
    "experiment=fig1a optimizer=adm": ("optimizer=adm", "did you mean adam"),
    "experiment=fig1a series=Adm": ("series=Adm", "Adam"),
    "experiment=fig1a reading=x": ("reading=x: readings are trained at budget=search",),
    "experiment=fig1a budget=search reading=x": ("reading=x: no such reading; known: order: ",),
    "experiment=fig1a --cfg job": ("Only one of --run, --multirun",),
    "experiment=fig1a optimizer.alpha=0": ("optimizer.alpha=0", "above 0"),
    "experiment=fig1a budget=quik": ("budget=quik", "did you mean quick"),
    "experiment=fig1a,fig9": ("experiment=fig9",),
    "optimizer.alpha=0.1,fast": ("optimizer.alpha", "fast"),
    "optimizer.alpha=[0.1,": ("optimizer.alpha",),
}


def nowhere(folder: Path) -> list[str]:
    """Overrides for a place without data: a mistake that is not found trains nothing."""
    return [f"results={folder}", f"data.root={folder}", "data.download=false"]


def assert_explained(status: int, err: str, needles: tuple[str, ...]) -> None:
    assert status == 2, err
    assert "Traceback" not in err
    lines = err.strip().splitlines()
    assert 1 <= len(lines) <= 2, err
    assert all(len(line) < 400 for line in lines)
    for needle in needles:
        assert needle in err


@pytest.mark.parametrize("override", SINGLE)
def test_mistakes_in_a_single_run(
    override: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = train(capsys, *nowhere(tmp_path), *override.split())
    assert_explained(ended.status, ended.err, SINGLE[override])
    assert ended.out == ""


@pytest.mark.parametrize("overrides", MULTI)
def test_mistakes_in_a_sweep(
    overrides: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = train(capsys, "-m", *nowhere(tmp_path), *overrides.split())
    assert_explained(ended.status, ended.err, MULTI[overrides])
    assert ended.out == ""


@pytest.mark.parametrize("how", [(), ("-m",)])
def test_missing_data(
    how: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = train(capsys, *how, *nowhere(tmp_path))
    assert ended.status == 2
    assert "Traceback" not in ended.err
    assert str(tmp_path) in ended.err
    for way_out in ("data.root", "data.download=true", "data.stand_in=true"):
        assert way_out in ended.err


def test_a_model_that_does_not_fit_the_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = train(capsys, "model=convnet", "data.stand_in=true", *nowhere(tmp_path))
    assert ended.status == 2
    assert "model=convnet" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that takes no others")
def test_results_where_no_folder_can_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = train(capsys, *nowhere(tmp_path), "data.stand_in=true", "results=/proc/nowhere")
    needles = ("/proc/nowhere", "choose another folder")
    assert_explained(ended.status, ended.err, needles)


def test_a_single_run_says_how_it_ended_and_where_its_row_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["data.stand_in=true", "dataset.examples=100", "training.epochs=1"]
    ended = train(capsys, *nowhere(tmp_path), *settings)
    [line] = ended.out.splitlines()
    costs = r"train_cost [\d.]+, test_nll [\d.]+, test_error [\d.]+ after pass 1"
    place = re.escape(str(tmp_path / "adhoc-stand-in" / "adhoc" / "runs.csv"))
    assert re.fullmatch(rf"run \w+: {costs}, stand-in data; {place}", line)
    lost = train(capsys, *nowhere(tmp_path), *settings, "training.diverged_above=1e-9")
    assert ": diverged after pass 1, stand-in data; " in lost.out


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("HYDRA_FULL_ERROR",)}
    return subprocess.run(
        [sys.executable, "-m", "adamrepro", "train", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
        check=False,
    )


def test_a_mistake_in_a_real_process() -> None:
    ended = run("-m", "experiment=fig1a", "optimizer.alhpa=0.1")
    assert_explained(ended.returncode, ended.stderr, ("optimizer.alhpa", "did you mean alpha"))
    assert ended.stdout == ""


def test_help_names_choices_settings_and_commands(capsys: pytest.CaptureFixture[str]) -> None:
    ended = train(capsys, "--help")
    assert ended.status == 0
    for expected in (
        "optimizer: adadelta, adagrad, adam",
        "experiment: fig1a",
        "batch_size: 128",
        "-m experiment=fig1a",
        "results/",
    ):
        assert expected in ended.out
