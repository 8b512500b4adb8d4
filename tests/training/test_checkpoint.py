"""Stopped anywhere and resumed, training gives the curves of a training that never stopped."""

import json
import pickle
import random
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from digits import TINY_MLP, make_loop, rows, run_in_pieces
from hypothesis import given, settings
from hypothesis import strategies as st

from adamrepro.models import ModelConfig
from adamrepro.models.vae import VaeConfig
from adamrepro.optim import RULES, Adam, Decay, Rule, Schedule, can_compile
from adamrepro.training import Checkpoint, Interrupted, Loop, Order, Training
from adamrepro.training import checkpoint as checkpoint_module
from listening import StopWhen

STEPS = 18  # three epochs of six minibatches


def in_pieces(
    path: Path, pieces: list[int], rules: list[Rule], model: ModelConfig | None, **options: object
) -> Loop:
    path.unlink(missing_ok=True)
    make = partial(make_loop, rules, model, checkpoint=Checkpoint(path, "me"), **options)  # type: ignore[arg-type]
    return run_in_pieces(lambda stop: make(listener=StopWhen(stop)), pieces)


def assert_equal(found: Loop, whole: Loop) -> None:
    """Bit for bit: curves, parameters, state, streams."""
    assert json.dumps(rows(found.curves)) == json.dumps(rows(whole.curves))
    for one, other in zip(found.curves, whole.curves, strict=True):
        assert one.diverged_epoch == other.diverged_epoch
    ours, theirs = found.population, whole.population
    assert ours.members == theirs.members
    tensors = (*ours.parameters, *ours.averages, *(t for s in ours.states for t in s))
    others = (*theirs.parameters, *theirs.averages, *(t for s in theirs.states for t in s))
    for a, b in zip(tensors, others, strict=True):
        assert torch.equal(a, b)
    assert torch.equal(found.noise.generator.get_state(), whole.noise.generator.get_state())


@pytest.fixture(scope="module")
def whole() -> Loop:
    """One member diverges in the first epoch: checkpoints before and after the repack differ."""
    loop = make_loop(MEMBERS, TINY_MLP)
    loop.run()
    assert loop.population.members == [0, 2]
    return loop


MEMBERS: list[Rule] = [Adam(alpha=0.01, averaging=0.5), Adam(alpha=1e30), Adam(beta2=0.9)]


@settings(max_examples=15)
@given(pieces=st.lists(st.integers(1, STEPS), min_size=1, max_size=5))
def test_resumed_at_any_steps(
    pieces: list[int], whole: Loop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "resumed.ckpt"
    assert_equal(in_pieces(path, pieces, MEMBERS, TINY_MLP), whole)


@pytest.mark.parametrize("name", sorted(RULES))
def test_every_rule_resumes(name: str, tmp_path: Path) -> None:
    rules: list[Rule] = [RULES[name](), RULES[name](alpha=0.3, averaging=0.9)]
    loop = make_loop(rules)
    loop.run()
    assert_equal(in_pieces(tmp_path / "c", [1, 7, 5], rules, None), loop)


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (VaeConfig(hidden=5, latent=2, binarize=True), {}),
        (None, {"training": Training(epochs=4, batch_size=48, epoch_steps=4)}),
        (None, {"training": Training(epochs=3, batch_size=48, order=Order.fixed)}),
        (None, {"training": Training(epochs=5, batch_size=48, evaluate_every=2)}),
        (None, {"schedule": Schedule(decay=Decay.sqrt), "l2": [0.1]}),
    ],
    ids=["vae", "epoch_steps", "fixed order", "evaluate_every", "schedule and penalty"],
)
def test_every_kind_of_training_resumes(
    model: ModelConfig | None, options: dict[str, object], tmp_path: Path
) -> None:
    loop = make_loop([Adam()], model, **options)  # type: ignore[arg-type]
    loop.run()
    assert_equal(in_pieces(tmp_path / "c", [5, 1, 6], [Adam()], model, **options), loop)


@pytest.mark.slow
@pytest.mark.skipif(not can_compile(), reason="torch.compile needs a C++ compiler")
def test_compiled_training_resumes_after_a_repack(tmp_path: Path) -> None:
    """The kernels a fresh process compiles for two members, against those that once had three."""
    loop = make_loop(MEMBERS, TINY_MLP, compiled=True)
    loop.run()
    for pieces in ([3], [6], [7], [13]):
        torch.compiler.reset()
        found = in_pieces(tmp_path / "c", pieces, MEMBERS, TINY_MLP, compiled=True)
        assert_equal(found, loop)


def test_saved_at_intervals_and_not_between(tmp_path: Path) -> None:
    saved: list[int] = []

    class Counting(Checkpoint):
        def save(self, state: dict[str, object]) -> None:
            saved.append(1)
            super().save(state)

    for seconds, expected in ((0.0, STEPS), (1e9, 0)):
        saved.clear()
        make_loop(
            [Adam()], checkpoint=Counting(tmp_path / "c", "me"), checkpoint_seconds=seconds
        ).run()
        assert len(saved) == expected


def test_a_finished_training_takes_no_step_again(tmp_path: Path) -> None:
    """A kill between the last step and the saving of the runs costs no step again."""
    checkpoint = Checkpoint(tmp_path / "c", "me")
    loop = make_loop([Adam()], checkpoint=checkpoint, checkpoint_seconds=0.0)
    loop.run()
    again = make_loop([Adam()], checkpoint=checkpoint)
    again.step = pytest.fail  # type: ignore[method-assign, assignment]
    assert json.dumps(rows(again.run())) == json.dumps(rows(loop.curves))


def stopped(path: Path, identity: str = "me") -> Checkpoint:
    """A checkpoint after 8 steps."""
    checkpoint, left = Checkpoint(path, identity), iter(range(7, -1, -1))
    with pytest.raises(Interrupted):
        make_loop([Adam()], checkpoint=checkpoint, listener=StopWhen(lambda: next(left) == 0)).run()
    return checkpoint


def test_a_checkpoint_of_another_kind_of_device_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A GPU's generator has a state of 16 bytes."""
    checkpoint = stopped(tmp_path / "c")
    state, _ = checkpoint.load()
    assert state is not None
    checkpoint.save({**state, "noise": torch.zeros(16, dtype=torch.uint8)})
    found = make_loop([Adam()], checkpoint=checkpoint).run()
    assert "c: checkpoint of another kind of device, starting over" in caplog.text
    assert json.dumps(rows(found)) == json.dumps(rows(make_loop([Adam()]).run()))


def truncate(share: float) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])


def other_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps({"version": checkpoint_module.VERSION}))


def code_in_pickle(path: Path) -> None:
    version = checkpoint_module.VERSION
    torch.save({"version": version, "identity": "me", "epoch": Path("/")}, path)


def other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.pkl", b"nothing")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("not a checkpoint\n" * 50),
    "noise": lambda path: path.write_bytes(random.Random(0).randbytes(5000)),
    "half": truncate(0.5),
    "all but the end": truncate(0.99),
    "other pickle": other_pickle,
    "objects inside": code_in_pickle,
    "other zip": other_zip,
    "a tensor": lambda path: torch.save(torch.zeros(3), path),
    "no identity": lambda path: torch.save({"version": checkpoint_module.VERSION}, path),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_checkpoints_are_reported_and_left_out(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoint = stopped(tmp_path / "c")
    DAMAGE[name](checkpoint.path)
    loop = make_loop([Adam()], checkpoint=checkpoint)
    loop.run()
    (message,) = caplog.messages
    assert str(checkpoint.path) in message
    why = {"a tensor": "another version", "no identity": "another population"}
    assert why.get(name, "unreadable checkpoint") in message
    assert "starting over" in message
    assert_equal(loop, run_in_pieces(lambda stop: make_loop([Adam()]), []))


def test_a_flipped_byte_is_noticed_wherever_it_counts(tmp_path: Path) -> None:
    """Some bytes of the file are padding; no other may change in silence."""
    checkpoint = stopped(tmp_path / "c")
    good, _ = checkpoint.load()
    assert good is not None
    good.pop("identity")
    content = checkpoint.path.read_bytes()
    noticed = 0
    for place in random.Random(0).sample(range(len(content)), 150):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        checkpoint.path.write_bytes(damaged)
        state, problem = checkpoint.load()
        noticed += state is None
        assert (state is None) == bool(problem)
        if state is not None:
            assert state.pop("identity") == "me"
            torch.testing.assert_close(state, good, rtol=0, atol=0)
    assert noticed > 75


def test_checkpoints_of_others_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = stopped(tmp_path / "c")
    state, problem = checkpoint.load()
    assert state is not None
    assert problem == ""
    assert Checkpoint(tmp_path / "c", "you").load() == (
        None,
        f"{tmp_path / 'c'}: checkpoint of another population, starting over",
    )
    monkeypatch.setattr(checkpoint_module, "VERSION", checkpoint_module.VERSION + 1)
    assert checkpoint.load() == (
        None,
        f"{tmp_path / 'c'}: checkpoint of another version, starting over",
    )
    assert Checkpoint(tmp_path / "nothing", "me").load() == (None, "")


def test_a_save_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    checkpoint = stopped(tmp_path / "c")
    before = checkpoint.path.read_bytes()
    with pytest.raises(Exception, match="cannot be written"):
        checkpoint.save({"bad": Unwritable()})
    assert checkpoint.path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["c"]
    checkpoint.remove()
    checkpoint.remove()
    assert not list(tmp_path.iterdir())


class Unwritable:
    def __reduce__(self) -> str:
        raise RuntimeError("cannot be written")
