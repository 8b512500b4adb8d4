"""The paper's update rules as torch.optim.Optimizer classes, and its parameter average."""

from adamrepro.torch_optim.averaged import AveragedParameters
from adamrepro.torch_optim.classes import AdaDelta, AdaGrad, Adam, AdaMax, RMSProp, SGDNesterov
from adamrepro.torch_optim.optimizer import RuleOptimizer

__all__ = [
    "AdaDelta",
    "AdaGrad",
    "AdaMax",
    "Adam",
    "AveragedParameters",
    "RMSProp",
    "RuleOptimizer",
    "SGDNesterov",
]
