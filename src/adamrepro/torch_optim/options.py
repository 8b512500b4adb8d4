"""Options of a parameter group -> a rule's hyper-parameters, checked by the rule itself."""

from collections.abc import Mapping
from enum import Enum
from numbers import Real
from typing import Any

from torch import Tensor

from adamrepro.errors import UserError
from adamrepro.optim import Hyper, Rule
from adamrepro.torch_optim.scalars import Scalar

Group = Mapping[str, Any]
Arguments = Mapping[str, tuple[str | int, ...]]
"""Field of a rule -> where a group has it: ("eps",), or ("betas", 0) for group["betas"][0]."""


def check_options(rule: type[Rule], arguments: Arguments, group: Group) -> None:
    """Raise a ValueError that names the first option out of its range."""
    check_not_negative("lr", group["lr"])  # a rule wants a step above 0; a warm-up begins at 0
    check_not_negative("weight_decay", group["weight_decay"])
    settings: dict[str, Any] = {}
    for field, path in arguments.items():
        value = find(group, path)
        kind = type(default_of(rule, field))
        settings[field] = choice(kind, path, value) if is_choice(kind) else number(path, value)
    try:
        rule(name="", alpha=1.0, **settings)
    except UserError as error:
        field, _, complaint = str(error).removeprefix("optimizer.").partition("=")
        raise ValueError(f"{spelled(arguments[field])}={complaint}") from None


def hyper_of(rule: type[Rule], arguments: Arguments, group: Group) -> Hyper:
    """Return what `rule.coefficients` takes: numbers and choices."""
    hyper = Hyper(alpha=Scalar(float(group["lr"])))
    for field, path in arguments.items():
        value = find(group, path)
        kind = type(default_of(rule, field))
        setattr(hyper, field, kind(value) if is_choice(kind) else Scalar(float(value)))
    return hyper


def find(group: Group, path: tuple[str | int, ...]) -> Any:
    """Return the option at a path; ValueError where betas are not two."""
    option, *index = path
    value = group[str(option)]
    if not index:
        return value
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ValueError(f"{option}={value}: expected two numbers in [0, 1)")
    return value[int(index[0])]


def spelled(path: tuple[str | int, ...]) -> str:
    """Return a path as a person writes it: betas[0]."""
    option, *index = path
    return str(option) + "".join(f"[{i}]" for i in index)


def default_of(rule: type[Rule], field: str) -> Any:
    return rule.__dataclass_fields__[field].default


def is_choice(kind: type) -> bool:
    return issubclass(kind, Enum)


def choice(kind: type[Enum], path: tuple[str | int, ...], value: Any) -> Enum:
    """Return the member of an enum that an option names; groups hold its value, a string."""
    names = [member.value for member in kind]
    if value not in names:
        raise ValueError(f"{spelled(path)}={value!r}: expected one of {', '.join(names)}")
    return kind(value)


def number(path: tuple[str | int, ...], value: Any) -> float | bool:
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise ValueError(f"Tensor {spelled(path)} must be 1-element, not {value.numel()}")
        return value.item()
    if not isinstance(value, Real):
        raise ValueError(f"{spelled(path)}={value!r}: expected a number")
    return value if isinstance(value, bool) else float(value)


def check_not_negative(option: str, value: Any) -> None:
    if not 0 <= number((option,), value) < float("inf"):
        raise ValueError(f"{option}={value}: expected a number, 0 or above")
