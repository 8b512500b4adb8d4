"""An update rule in the words of torch.optim."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adamrepro.optim import Hyper, Rule
from adamrepro.torch_optim.options import Arguments, check_options, hyper_of

HOW_TORCH_COMPUTES = ("foreach", "fused", "capturable", "differentiable")
"""Options of torch's that change no number."""

WANTED_OF_A_STEP = ("capturable", "differentiable")
"""Those of them that ask for something which steps here cannot do."""


@dataclass(frozen=True, kw_only=True)
class Translation:
    """A rule, and what torch calls its hyper-parameters and its state.

    rule: where `coefficients` and `step` come from.
    arguments: fields of the rule -> options of a parameter group.
    keys: entries of the rule's state -> keys of `state_dict`, torch's where they mean the same.
    torch_only: options that torch's class has and the rule has not, with the value under which
        both are one method; any other value is refused.
    like_torch: options of ours under which the rule is torch's method: what a state_dict of
        torch's means where it says nothing.
    irrelevant: options in a state_dict of torch's that may have any value.
    """

    rule: type[Rule]
    arguments: Arguments
    keys: Mapping[str, str]
    torch_only: Mapping[str, Any] = field(default_factory=dict)
    like_torch: Mapping[str, Any] = field(default_factory=dict)
    irrelevant: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a rule whose steps change where parameters are cut up or gathered."""
        if not self.rule.elementwise:
            raise ValueError(f"{self.rule.__name__}: expected a rule that is elementwise")

    def check(self, group: Mapping[str, Any]) -> None:
        """Raise a ValueError that names the first option with a value it cannot have."""
        check_options(self.rule, self.arguments, group)
        refused = {**dict.fromkeys(WANTED_OF_A_STEP, False), **self.torch_only}
        for option, value in refused.items():
            if group.get(option, value) != value:
                raise ValueError(f"{option}={group[option]}: expected {value}, there is no other")

    def hyper(self, group: Mapping[str, Any]) -> Hyper:
        """Return what the rule's `coefficients` takes."""
        return hyper_of(self.rule, self.arguments, group)

    def adopt_group(self, group: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
        """Return a loaded group with our options, checked."""
        dropped = (*HOW_TORCH_COMPUTES, *self.irrelevant)
        kept = {option: value for option, value in group.items() if option not in dropped}
        adopted = {**defaults, **self.like_torch, **kept}
        self.check(adopted)
        return adopted

    def adopt_state(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return one parameter's loaded state, its step number as an int, as we count it."""
        adopted = {key: value for key, value in state.items() if value is not None}
        strange = sorted(set(adopted) - {"step", *self.keys.values()})
        if strange:
            expected = ", ".join(self.keys.values())
            raise ValueError(f"state_dict has {', '.join(strange)}: expected {expected}")
        adopted["step"] = int(adopted.get("step", 0))
        return adopted
