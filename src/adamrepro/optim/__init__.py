"""The paper's optimizers and those that came after, written as their papers write them."""

from adamrepro.optim.adadelta import AdaDelta
from adamrepro.optim.adagrad import AdaGrad
from adamrepro.optim.adam import Adam, EpsForm
from adamrepro.optim.adam_atan2 import AdamAtan2
from adamrepro.optim.adamax import AdaMax
from adamrepro.optim.adamw import AdamW
from adamrepro.optim.ademamix import AdEMAMix
from adamrepro.optim.adopt import ADOPT
from adamrepro.optim.amsgrad import AMSGrad, Maximum
from adamrepro.optim.cautious_adam import CautiousAdam
from adamrepro.optim.external import ExternalSettings, set_mode
from adamrepro.optim.lion import Lion
from adamrepro.optim.muon import Muon, Scale
from adamrepro.optim.nadam import NAdam
from adamrepro.optim.radam import RAdam
from adamrepro.optim.rmsprop import RMSProp
from adamrepro.optim.rule import Hyper, Rule, scheduled, stack, structure, widest, zero_state
from adamrepro.optim.schedule import Decay, Schedule, Unit
from adamrepro.optim.schedule_free import ScheduleFree
from adamrepro.optim.sfo import SFO, SfoSettings
from adamrepro.optim.sgd import SGD, VelocityForm
from adamrepro.optim.signum import Signum
from adamrepro.optim.update import (
    apply_rule,
    can_compile,
    compiling_pays,
    make_update,
    step_in_place,
    with_penalty,
)

PAPER_RULES: dict[str, type[Rule]] = {
    "adam": Adam,
    "adamax": AdaMax,
    "adagrad": AdaGrad,
    "rmsprop": RMSProp,
    "sgd": SGD,
    "adadelta": AdaDelta,
}
"""The first-order optimizers of the paper's figures."""

LATER_RULES: dict[str, type[Rule]] = {
    "nadam": NAdam,
    "adamw": AdamW,
    "signum": Signum,
    "amsgrad": AMSGrad,
    "radam": RAdam,
    "lion": Lion,
    "schedule_free": ScheduleFree,
    "adam_atan2": AdamAtan2,
    "ademamix": AdEMAMix,
    "adopt": ADOPT,
    "cautious_adam": CautiousAdam,
    "muon": Muon,
}
"""What came after Adam, in the order of publication."""

RULES: dict[str, type[Rule]] = {**PAPER_RULES, **LATER_RULES}
"""All update rules."""

OPTIMIZERS: dict[str, type[Rule] | type[SfoSettings] | type[ExternalSettings]] = {
    **RULES,
    "sfo": SfoSettings,
    "external": ExternalSettings,
}
"""Everything that optimizer=NAME selects."""

__all__ = [
    "ADOPT",
    "LATER_RULES",
    "OPTIMIZERS",
    "PAPER_RULES",
    "RULES",
    "SFO",
    "SGD",
    "AMSGrad",
    "AdEMAMix",
    "AdaDelta",
    "AdaGrad",
    "AdaMax",
    "Adam",
    "AdamAtan2",
    "AdamW",
    "CautiousAdam",
    "Decay",
    "EpsForm",
    "ExternalSettings",
    "Hyper",
    "Lion",
    "Maximum",
    "Muon",
    "NAdam",
    "RAdam",
    "RMSProp",
    "Rule",
    "Scale",
    "Schedule",
    "ScheduleFree",
    "SfoSettings",
    "Signum",
    "Unit",
    "VelocityForm",
    "apply_rule",
    "can_compile",
    "compiling_pays",
    "make_update",
    "scheduled",
    "set_mode",
    "stack",
    "step_in_place",
    "structure",
    "widest",
    "with_penalty",
    "zero_state",
]
