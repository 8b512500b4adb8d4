"""What the ecosystem expects of an optimizer, feature by feature, for every class."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import lr_scheduler
from twins import CLASSES, SHAPES, TWINS, assert_same, give_gradients, tensors, walk

from adamrepro.optim import Muon
from adamrepro.torch_optim import Adam, AdaMax
from adamrepro.torch_optim.translation import Translation

every_class = pytest.mark.parametrize("name", CLASSES)


def flat(parameters: list[nn.Parameter]) -> Tensor:
    return torch.cat([p.detach().flatten() for p in parameters])


@every_class
def test_groups_have_options_of_their_own(name: str) -> None:
    """One optimizer of two groups is two optimizers."""
    cls = CLASSES[name]
    together, first, second = (tensors((3,), (4, 2)) for _ in range(3))
    special = {"lr": 0.5, "weight_decay": 0.2, "maximize": True}
    groups = [{"params": [together[0]]}, {"params": [together[1]], **special}]
    walk(lambda _: cls(groups, lr=0.01), 5, together)
    walk(lambda _: cls([first[0]], lr=0.01), 5, first)
    walk(lambda _: cls([second[1]], **special), 5, second)
    assert torch.equal(together[0], first[0])
    assert torch.equal(together[1], second[1])


@every_class
def test_a_group_added_later_begins_at_its_first_step(name: str) -> None:
    """The bias correction of a late parameter counts its own steps."""
    cls = CLASSES[name]
    early, late, alone = tensors((3,), (4,)), tensors((3,), (4,)), tensors((3,), (4,))
    optimizer = cls([early[0]])
    for t in range(1, 4):
        give_gradients(early, t)
        optimizer.step()
    optimizer.add_param_group({"params": early[1], "lr": 0.3})
    begun = cls([late[1]], lr=0.3)
    for t in range(4, 7):
        give_gradients(early, t)
        give_gradients(late, t)
        optimizer.step()
        begun.step()
    walk(lambda parameters: cls([parameters[0]]), 6, alone)
    assert torch.equal(early[1], late[1])
    assert torch.equal(early[0], alone[0])
    assert optimizer.state[early[1]]["step"] == 3


@every_class
def test_parameters_without_gradient_wait(name: str) -> None:
    """Every parameter counts its own steps, whichever of its neighbours move."""
    together, alone = tensors(*[(5,)] * 4), tensors(*[(5,)] * 4)
    optimizer = CLASSES[name](together)
    optimizers = [CLASSES[name]([p]) for p in alone]
    moves = [{0, 1, 2, 3}, {1, 2}, {0, 3}, {2, 3}, {0, 1, 2, 3}, {0}]
    for t, moving in enumerate(moves, start=1):
        give_gradients(together, t)
        give_gradients(alone, t)
        for i in {0, 1, 2, 3} - moving:
            together[i].grad = None
        optimizer.step()
        for i in moving:
            optimizers[i].step()
    for p, q in zip(together, alone, strict=True):
        assert torch.equal(p, q)
    assert [optimizer.state[p]["step"] for p in together] == [4, 3, 4, 4]


@every_class
def test_closure_has_gradients_and_its_cost_is_returned(name: str) -> None:
    (p,) = tensors((3,))
    optimizer = CLASSES[name]([p])

    def closure() -> Tensor:
        optimizer.zero_grad()
        cost = (p**2).sum()
        cost.backward()
        return cost

    before = (p.detach() ** 2).sum()
    with torch.no_grad():
        assert torch.equal(optimizer.step(closure), before)
    assert closure() < before
    assert optimizer.step() is None


@every_class
def test_sparse_gradients_are_refused_before_anything_moves(name: str) -> None:
    dense, table = tensors((3,)), nn.Embedding(5, 2, sparse=True)
    optimizer = CLASSES[name]([*dense, table.weight])
    give_gradients(dense, 1)
    table(torch.tensor([1, 3])).sum().backward()
    before = flat(dense)
    message = rf"{type(optimizer).__name__}: parameter of shape \(5, 2\) .*sparse=False"
    with pytest.raises(RuntimeError, match=message):
        optimizer.step()
    assert torch.equal(flat(dense), before)
    table.weight.grad = None
    optimizer.step()
    assert optimizer.state[dense[0]]["step"] == 1


SCHEDULES: dict[str, Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler]] = {
    "warm-up from 0": lambda o: lr_scheduler.LambdaLR(o, lambda t: t / 4),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=8),
    "steps": lambda o: lr_scheduler.StepLR(o, step_size=2, gamma=0.1),
    "chained": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.ConstantLR(o), lr_scheduler.ExponentialLR(o, 0.5)], milestones=[3]
    ),
}


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", ["adam", "sgd", "adagrad", "adadelta"])
def test_schedulers_do_what_they_do_to_torchs(name: str, schedule: str) -> None:
    twins = TWINS[name]
    walked = []
    for make in (
        partial(twins.ours, lr=0.1, **twins.our_settings),
        partial(twins.theirs, **{**twins.their_settings, "lr": 0.1}),
    ):
        parameters = tensors(*SHAPES)
        optimizer = make(parameters)
        scheduler = SCHEDULES[schedule](optimizer)
        for t in range(1, 9):
            give_gradients(parameters, t)
            optimizer.step()
            scheduler.step()
        walked.append(parameters)
    assert_same(*walked)


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_one_cycle_turns_momentum_as_well(name: str) -> None:
    twins = TWINS[name]
    walked = []
    for make in (twins.ours, partial(twins.theirs, **twins.their_settings)):
        parameters = tensors(*SHAPES)
        optimizer = make(parameters)
        scheduler = lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=10)
        for t in range(1, 9):
            give_gradients(parameters, t)
            optimizer.step()
            scheduler.step()
        walked.append(parameters)
    assert_same(*walked)


@every_class
def test_lr_may_be_a_tensor(name: str) -> None:
    lr = torch.tensor(0.01)
    tensor_lr = tensors(*SHAPES)
    optimizer = CLASSES[name](tensor_lr, lr=lr)
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    number_lr = tensors(*SHAPES)
    other = CLASSES[name](number_lr, lr=0.01)
    for t in range(1, 5):
        for moving, one in ((tensor_lr, optimizer), (number_lr, other)):
            give_gradients(moving, t)
            one.step()
        scheduler.step()
        other.param_groups[0]["lr"] *= 0.5
    assert_same(tensor_lr, number_lr)


@every_class
def test_grad_scaler_unscales_and_skips(name: str) -> None:
    """A step with a gradient that is not finite is left out, state and count included."""
    scaled, plain = tensors((3,)), tensors((3,))
    optimizer, other = CLASSES[name](scaled), CLASSES[name](plain)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    for t in range(1, 5):
        optimizer.zero_grad()
        other.zero_grad()
        cost = (scaled[0] ** 2).sum() * (torch.inf if t == 3 else 1.0)
        scaler.scale(cost).backward()
        scaler.step(optimizer)
        scaler.update()
        if t != 3:
            (plain[0] ** 2).sum().backward()
            other.step()
    assert_same(scaled, plain)
    assert optimizer.state[scaled[0]]["step"] == 3


@every_class
def test_hooks_come_before_and_after(name: str) -> None:
    parameters = tensors((2,))
    optimizer = CLASSES[name](parameters)
    told: list[tuple[str, int]] = []

    def steps() -> int:
        return int(optimizer.state[parameters[0]].get("step", 0)) if optimizer.state else 0

    optimizer.register_step_pre_hook(lambda *_: told.append(("pre", steps())))
    handle = optimizer.register_step_post_hook(lambda *_: told.append(("post", steps())))
    optimizer.register_state_dict_post_hook(lambda _, state: told.append(("saved", steps())))
    optimizer.register_load_state_dict_pre_hook(lambda _, state: told.append(("load", steps())))
    optimizer.register_load_state_dict_post_hook(lambda _: told.append(("loaded", steps())))
    give_gradients(parameters, 1)
    optimizer.step()
    handle.remove()
    optimizer.load_state_dict(optimizer.state_dict())
    optimizer.step()
    expected = [("pre", 0), ("post", 1), ("saved", 1), ("load", 1), ("loaded", 1), ("pre", 1)]
    assert told == expected


def test_a_hook_may_change_the_state_that_is_loaded() -> None:
    parameters = tensors((2,), dtype=torch.bfloat16)
    optimizer = Adam(parameters)
    give_gradients(parameters, 1)
    optimizer.step()

    def forget(_: Any, state_dict: dict[str, Any]) -> dict[str, Any]:
        return {**state_dict, "state": {}}

    other = Adam(parameters)
    other.register_load_state_dict_pre_hook(forget)
    other.load_state_dict(optimizer.state_dict())
    assert not other.state


@every_class
def test_zero_grad(name: str) -> None:
    parameters = tensors((2,), (3,))
    optimizer = CLASSES[name](parameters)
    give_gradients(parameters, 1)
    optimizer.zero_grad(set_to_none=False)
    assert all(p.grad is not None and not p.grad.any() for p in parameters)
    optimizer.zero_grad()
    assert all(p.grad is None for p in parameters)


def test_state_may_be_reset() -> None:
    parameters = tensors((3,), (4,))
    optimizer = AdaMax(parameters)
    give_gradients(parameters, 1)
    optimizer.step()
    del optimizer.state[parameters[0]]
    optimizer.step()
    assert [optimizer.state[p]["step"] for p in parameters] == [1, 2]


def test_trains_a_network() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 1))
    x = torch.randn(64, 4)
    y = x.prod(1, keepdim=True)
    optimizer = Adam(model.parameters(), lr=1e-2)
    costs = []
    for _ in range(200):
        optimizer.zero_grad()
        cost = (model(x) - y).pow(2).mean()
        cost.backward()
        optimizer.step()
        costs.append(cost.item())
    assert costs[-1] < 0.1 * costs[0]


def test_rules_that_look_beyond_an_entry_are_refused() -> None:
    """Small parameters are gathered and large ones cut up, which would change their steps."""
    with pytest.raises(ValueError, match="Muon: expected a rule that is elementwise"):
        Translation(rule=Muon, arguments={}, keys={})
