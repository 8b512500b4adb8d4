"""State from torch's own classes and back, from other methods not at all; bf16 keeps its fp32."""

import copy
import io
import pickle
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from twins import CLASSES, SHAPES, TWINS, Twins, assert_same, give_gradients, tensors, walk

from adamrepro.torch_optim import AdaGrad, Adam, AdaMax, RMSProp, RuleOptimizer, SGDNesterov

every_class = pytest.mark.parametrize("name", TWINS)

Make = Any


def hand_over(first: Make, second: Make, steps: int = 4) -> list[nn.Parameter]:
    """Walk with one optimizer, then with another that loads the first's state."""
    parameters = tensors(*SHAPES)
    optimizer = first(parameters)
    for t in range(1, 2 * steps + 1):
        if t == steps + 1:
            successor = second(parameters)
            successor.load_state_dict(optimizer.state_dict())
            optimizer = successor
        give_gradients(parameters, t)
        optimizer.step()
    return parameters


def theirs_of(twins: Twins, **settings: Any) -> Make:
    return partial(twins.theirs, **{**twins.their_settings, **settings})


@every_class
def test_goes_on_from_torchs_own(name: str) -> None:
    """Options come along with the state, as they do within torch."""
    theirs = theirs_of(TWINS[name], lr=0.02, weight_decay=0.1)
    assert_same(hand_over(theirs, partial(TWINS[name].ours, lr=5.0)), walk(theirs, 8))


@pytest.mark.parametrize("name", sorted(set(TWINS) - {"adamax"}))  # torch's wants an eps
def test_torchs_own_goes_on_from_ours(name: str) -> None:
    twins = TWINS[name]
    ours = partial(twins.ours, **twins.our_settings, lr=0.02, weight_decay=0.1)
    assert_same(hand_over(ours, partial(twins.theirs, lr=5.0)), walk(ours, 8))


def test_goes_on_from_torchs_rmsprop_with_momentum() -> None:
    """torch gathers momentum without lr, Graves with it."""
    theirs = partial(torch.optim.RMSprop, lr=0.02, momentum=0.9)
    assert_same(hand_over(theirs, RMSProp), walk(theirs, 8))


def test_a_state_of_torchs_sgd_is_of_the_rearranged_form() -> None:
    theirs = partial(torch.optim.SGD, lr=0.02, momentum=0.9, nesterov=True)
    assert_same(hand_over(theirs, partial(SGDNesterov, form="lookahead")), walk(theirs, 8))


def test_goes_on_from_torchs_accumulator_that_began_above_zero() -> None:
    theirs = partial(torch.optim.Adagrad, initial_accumulator_value=0.3)
    assert_same(hand_over(theirs, AdaGrad), walk(theirs, 8))


@every_class
def test_one_state_may_be_loaded_twice(name: str) -> None:
    """What was loaded is a copy: small parameters' state moves into one tensor."""
    parameters = tensors(*SHAPES)
    first = CLASSES[name](parameters)
    give_gradients(parameters, 1)
    first.step()
    saved = first.state_dict()
    kept = copy.deepcopy(saved)
    second = CLASSES[name](parameters)
    second.load_state_dict(saved)
    second.step()
    for index, state in kept["state"].items():
        for key, value in state.items():
            assert torch.equal(torch.as_tensor(saved["state"][index][key]), torch.as_tensor(value))


OTHER_METHODS: dict[str, tuple[type[RuleOptimizer], Make, str]] = {
    "amsgrad": (Adam, partial(torch.optim.Adam, amsgrad=True), "amsgrad=True: expected False"),
    "adamw": (Adam, torch.optim.AdamW, "decoupled_weight_decay=True: expected False"),
    "centered": (RMSProp, partial(torch.optim.RMSprop, centered=True), "centered=True: expected"),
    "lr_decay": (AdaGrad, partial(torch.optim.Adagrad, lr_decay=0.1), "lr_decay=0.1: expected 0"),
    "classical": (SGDNesterov, partial(torch.optim.SGD, momentum=0.9), "nesterov=False: expected"),
    "adamax": (Adam, torch.optim.Adamax, "state_dict has exp_inf: expected exp_avg, exp_avg_sq"),
    "ours": (AdaMax, Adam, "state_dict has exp_avg_sq: expected exp_avg, exp_inf"),
}


@pytest.mark.parametrize("name", OTHER_METHODS)
def test_the_state_of_another_method_is_refused(name: str) -> None:
    cls, other, message = OTHER_METHODS[name]
    parameters = tensors((3,))
    give_gradients(parameters, 1)
    stranger = other(parameters)
    stranger.step()
    optimizer = cls(parameters)
    optimizer.step()
    before = copy.deepcopy(optimizer.state_dict())
    with pytest.raises(ValueError, match=f"^{message}"):
        optimizer.load_state_dict(stranger.state_dict())
    assert repr(optimizer.state_dict()) == repr(before)
    assert not optimizer._optimizer_load_state_dict_pre_hooks


def exact(p: Tensor) -> Any:
    """Return the gradient of a bf16 parameter in fp32: what its state sees."""
    assert p.grad is not None
    return p.grad.float()


@every_class
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_narrow_parameters_have_wide_state(name: str, dtype: torch.dtype) -> None:
    """State and step are those of an fp32 parameter with the same values; only theta is rounded."""
    cls = CLASSES[name]
    narrow = tensors(*SHAPES, dtype=dtype)
    ours = cls(narrow, lr=1e-3)
    for t in range(1, 6):
        wide = [nn.Parameter(p.detach().float()) for p in narrow]
        shadow = cls(wide, lr=1e-3)
        if t > 1:
            shadow.load_state_dict(ours.state_dict())
        give_gradients(narrow, t)
        for p, q in zip(narrow, wide, strict=True):
            q.grad = exact(p)
        ours.step()
        shadow.step()
        for p, q in zip(narrow, wide, strict=True):
            # the same sum, rounded; torch rounds the step before, at most an ulp away
            torch.testing.assert_close(p, q.to(dtype), rtol=torch.finfo(dtype).eps, atol=0)
            for key in cls.translation.keys.values():
                assert ours.state[p][key].dtype is torch.float32
                torch.testing.assert_close(ours.state[p][key], shadow.state[q][key])


def test_wide_state_survives_load_and_pickle() -> None:
    """torch's load_state_dict would round it to the parameter's dtype."""
    parameters = tensors(*SHAPES, dtype=torch.bfloat16)
    optimizer = Adam(parameters)
    for t in (1, 2, 3):
        give_gradients(parameters, t)
        optimizer.step()
    state = optimizer.state_dict()["state"]
    other = Adam(parameters)
    other.load_state_dict(optimizer.state_dict())
    thawed = pickle.loads(pickle.dumps(optimizer))
    for copied in (other.state_dict()["state"], thawed.state_dict()["state"]):
        for index in state:
            for key in ("exp_avg", "exp_avg_sq"):
                assert copied[index][key].dtype is torch.float32
                assert torch.equal(copied[index][key], state[index][key])
                assert (state[index][key].bfloat16().float() != state[index][key]).any() or (
                    state[index][key].numel() < 2
                )


@every_class
def test_a_pickled_optimizer_goes_on(name: str) -> None:
    parameters = tensors(*SHAPES)
    optimizer = CLASSES[name](parameters, weight_decay=0.1)
    give_gradients(parameters, 1)
    optimizer.step()
    file = io.BytesIO()
    torch.save(optimizer, file)
    file.seek(0)
    thawed = torch.load(file, weights_only=False)
    others = thawed.param_groups[0]["params"]
    for t in (2, 3):
        for moving, one in ((parameters, optimizer), (others, thawed)):
            give_gradients(moving, t)
            one.step()
    for p, q in zip(parameters, others, strict=True):
        assert torch.equal(p, q)


@every_class
def test_fused_and_foreach_checkpoints_load(name: str) -> None:
    """Options of torch's that change no number are dropped; a step counted on the device counts."""
    theirs = theirs_of(TWINS[name], foreach=True)
    assert_same(hand_over(theirs, TWINS[name].ours), walk(theirs_of(TWINS[name]), 8))
    optimizer = TWINS[name].ours(tensors((2,)))
    optimizer.load_state_dict(theirs(tensors((2,))).state_dict())
    assert not {"foreach", "fused", "capturable"} & set(optimizer.param_groups[0])
