"""The paper's optimizers, written as the paper writes them."""

from adamrepro.optim.adadelta import AdaDelta
from adamrepro.optim.adagrad import AdaGrad
from adamrepro.optim.adam import Adam, EpsForm
from adamrepro.optim.adamax import AdaMax
from adamrepro.optim.rmsprop import RMSProp
from adamrepro.optim.rule import Hyper, Rule, stack, structure, widest, zero_state
from adamrepro.optim.schedule import Decay, Schedule, Unit
from adamrepro.optim.sfo import SFO, SfoSettings
from adamrepro.optim.sgd import SGD, VelocityForm
from adamrepro.optim.update import apply_rule, can_compile, make_update, with_penalty

RULES: dict[str, type[Rule]] = {
    "adam": Adam,
    "adamax": AdaMax,
    "adagrad": AdaGrad,
    "rmsprop": RMSProp,
    "sgd": SGD,
    "adadelta": AdaDelta,
}
"""Update rules: every figure's first-order optimizers."""

OPTIMIZERS: dict[str, type[Rule] | type[SfoSettings]] = {**RULES, "sfo": SfoSettings}
"""Everything that optimizer=NAME selects."""

__all__ = [
    "OPTIMIZERS",
    "RULES",
    "SFO",
    "SGD",
    "AdaDelta",
    "AdaGrad",
    "AdaMax",
    "Adam",
    "Decay",
    "EpsForm",
    "Hyper",
    "RMSProp",
    "Rule",
    "Schedule",
    "SfoSettings",
    "Unit",
    "VelocityForm",
    "apply_rule",
    "can_compile",
    "make_update",
    "stack",
    "structure",
    "widest",
    "with_penalty",
    "zero_state",
]
