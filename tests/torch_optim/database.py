"""PyTorch's own table of optimizers and their inputs, in the words of our classes."""

from typing import Any
from unittest import mock

import torch
from twins import TWINS, Twins

from adamrepro.torch_optim import RuleOptimizer

# importing it freezes PyTorch's global flags, which other tests of the session set
with mock.patch.object(torch.backends, "disable_global_flags"):
    from torch.testing._internal.common_optimizers import OptimizerInfo, optim_db

BY_CLASS = {info.optim_cls: info for info in optim_db}
INFOS: dict[str, OptimizerInfo] = {name: BY_CLASS[twins.theirs] for name, twins in TWINS.items()}

NO_SUCH_THING = {
    "amsgrad",
    "capturable",
    "centered",
    "dampening",
    "foreach",
    "initial_accumulator_value",
    "lr_decay",
}
"""Keywords of torch's classes that ours do not have: they are refused, not ignored."""


def inputs(name: str) -> list[Any]:
    """Return PyTorch's inputs of a class, `kwargs` as torch's class takes them."""
    cases = INFOS[name].optim_inputs_func(device="cpu", dtype=torch.float32)
    if name == "sgd":  # ours has Nesterov momentum always
        for case in cases:
            if "dampening" not in case.kwargs:
                case.kwargs = {"momentum": 0.9, **case.kwargs, "nesterov": True}
    return cases


def known(kwargs: dict[str, Any]) -> bool:
    return not NO_SUCH_THING & set(kwargs)


def our_words(twins: Twins, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return keywords of torch's class as ours takes them, torch's defaults written out."""
    theirs = twins.theirs(torch.nn.Linear(1, 1).parameters(), **kwargs).defaults
    options = {*twins.ours([torch.zeros(1)]).defaults, *kwargs}
    options -= {*twins.ours.translation.torch_only, *twins.ours.translation.irrelevant}
    return {key: theirs[key] for key in options & set(theirs)}


CASES = {
    f"{name}: {case.desc}": (name, case.kwargs)
    for name in INFOS
    for case in inputs(name)
    if known(case.kwargs)
}
"""Inputs that both classes take."""

REFUSED = {
    f"{name}: {case.desc}": (name, case.kwargs)
    for name in INFOS
    for case in inputs(name)
    if not known(case.kwargs)
}


def make_ours(case: str, parameters: Any) -> RuleOptimizer:
    name, kwargs = CASES[case]
    return TWINS[name].ours(parameters, **our_words(TWINS[name], kwargs))


def make_theirs(case: str, parameters: Any) -> torch.optim.Optimizer:
    name, kwargs = CASES[case]
    extra = {"eps": 0.0} if name == "adamax" else {}
    return TWINS[name].theirs(parameters, **kwargs, **extra)
