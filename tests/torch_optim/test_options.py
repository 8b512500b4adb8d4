"""A bad option is named, with what was expected, before anything is made."""

from typing import Any

import pytest
import torch
from twins import CLASSES, tensors

from adamrepro.torch_optim import Adam, AdaMax, RuleOptimizer, SGDNesterov

every_class = pytest.mark.parametrize("name", CLASSES)


BAD: dict[str, tuple[type[RuleOptimizer], dict[str, Any], str]] = {
    "lr": (Adam, {"lr": -1.0}, r"lr=-1.0: expected a number, 0 or above"),
    "nan": (Adam, {"lr": float("nan")}, r"lr=nan: expected a number, 0 or above"),
    "text": (Adam, {"lr": "fast"}, r"lr='fast': expected a number"),
    "beta2": (Adam, {"betas": (0.9, 1.0)}, r"betas\[1\]=1.0: expected a number in \[0, 1\)"),
    "one beta": (AdaMax, {"betas": 0.9}, r"betas=0.9: expected two numbers in \[0, 1\)"),
    "eps": (Adam, {"eps": -1e-8}, r"eps=-1e-08: expected a number, 0 or above"),
    "form": (Adam, {"eps_form": "mine"}, r"eps_form='mine': expected one of algorithm1, efficient"),
    "lambda": (Adam, {"beta1_decay": 0.0}, r"beta1_decay=0.0: expected a number in \(0, 1\]"),
    "alpha": (CLASSES["rmsprop"], {"alpha": 2.0}, r"alpha=2.0: expected a number in \[0, 1\)"),
    "rho": (CLASSES["adadelta"], {"rho": -0.1}, r"rho=-0.1: expected a number in \[0, 1\)"),
    "no eps": (CLASSES["adadelta"], {"eps": 0.0}, r"eps=0.0: expected a number above 0"),
    "momentum": (SGDNesterov, {"momentum": 1.0}, r"momentum=1.0: expected a number in \[0, 1\)"),
    "decay": (SGDNesterov, {"weight_decay": -1}, r"weight_decay=-1: expected a number, 0 or"),
    "two lr": (Adam, {"lr": torch.ones(2)}, r"Tensor lr must be 1-element"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("where", ["for all", "for a group", "added"])
def test_bad_options_are_named(name: str, where: str) -> None:
    cls, options, message = BAD[name]
    parameters = tensors((2,))
    if where == "added":
        optimizer = cls(tensors((3,)))
        with pytest.raises(ValueError, match=f"^{message}"):
            optimizer.add_param_group({"params": parameters, **options})
        assert len(optimizer.param_groups) == 1
    elif where == "for a group":
        with pytest.raises(ValueError, match=f"^{message}"):
            cls([{"params": parameters, **options}])
    else:
        with pytest.raises(ValueError, match=f"^{message}"):
            cls(parameters, **options)


def test_a_group_cannot_ask_for_another_method() -> None:
    with pytest.raises(ValueError, match=r"^amsgrad=True: expected False"):
        Adam([{"params": tensors((2,)), "amsgrad": True}])
