"""The classes that a person imports; defaults are the paper's, or the rule's publication's."""

from typing import Any

from torch import Tensor
from torch.optim.optimizer import ParamsT

from adamrepro import optim
from adamrepro.torch_optim.optimizer import RuleOptimizer
from adamrepro.torch_optim.translation import Translation

Betas = tuple[float | Tensor, float | Tensor]


class Adam(RuleOptimizer):
    """Algorithm 1: lr = alpha, betas = (beta1, beta2). At its defaults it is torch's Adam.

    bias_correction, eps_form ("algorithm1" or "efficient") and beta1_decay are those of the rule.
    """

    translation = Translation(
        rule=optim.Adam,
        arguments={
            "beta1": ("betas", 0),
            "beta2": ("betas", 1),
            "eps": ("eps",),
            "bias_correction": ("bias_correction",),
            "eps_form": ("eps_form",),
            "beta1_decay": ("beta1_decay",),
        },
        keys={"m": "exp_avg", "v": "exp_avg_sq"},
        torch_only={"amsgrad": False, "decoupled_weight_decay": False},
        like_torch={"bias_correction": True, "eps_form": "algorithm1", "beta1_decay": 1.0},
    )

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        bias_correction: bool = True,
        eps_form: str = "algorithm1",
        beta1_decay: float = 1.0,
        maximize: bool = False,
        compiled: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            bias_correction=bias_correction,
            eps_form=eps_form,
            beta1_decay=beta1_decay,
            maximize=maximize,
            compiled=compiled,
        )


class AdaMax(RuleOptimizer):
    """Algorithm 2: lr = alpha, betas = (beta1, beta2); no eps, where torch's Adamax has one."""

    translation = Translation(
        rule=optim.AdaMax,
        arguments={
            "beta1": ("betas", 0),
            "beta2": ("betas", 1),
            "beta1_decay": ("beta1_decay",),
        },
        keys={"m": "exp_avg", "u": "exp_inf"},
        like_torch={"beta1_decay": 1.0},
        irrelevant=("eps",),
    )

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: Betas = (0.9, 0.999),
        weight_decay: float = 0.0,
        *,
        beta1_decay: float = 1.0,
        maximize: bool = False,
        compiled: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            betas=betas,
            weight_decay=weight_decay,
            beta1_decay=beta1_decay,
            maximize=maximize,
            compiled=compiled,
        )


class AdaGrad(RuleOptimizer):
    """AdaGrad as section 5 writes it: the sum starts at 0, and 0/0 is a step of 0."""

    translation = Translation(
        rule=optim.AdaGrad,
        arguments={"eps": ("eps",)},
        keys={"total": "sum"},
        torch_only={"lr_decay": 0.0, "initial_accumulator_value": 0.0},
        irrelevant=("initial_accumulator_value",),  # a state has it in its sum
    )

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        weight_decay: float = 0.0,
        eps: float = 0.0,
        *,
        maximize: bool = False,
        compiled: bool = False,
    ) -> None:
        super().__init__(
            params, lr=lr, weight_decay=weight_decay, eps=eps, maximize=maximize, compiled=compiled
        )


class RMSProp(RuleOptimizer):
    """RMSProp: alpha is the decay of the mean square, as torch names it; lr is the step size.

    momentum gathers steps, lr included (Graves 2013); torch's gathers them without. They differ
    as soon as lr changes.
    """

    translation = Translation(
        rule=optim.RMSProp,
        arguments={"decay": ("alpha",), "eps": ("eps",), "momentum": ("momentum",)},
        keys={"r": "square_avg", "delta": "delta"},
        torch_only={"centered": False},
    )

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        alpha: float = 0.9,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        *,
        maximize: bool = False,
        compiled: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            maximize=maximize,
            compiled=compiled,
        )

    def adopt_state(self, state: dict[str, Any], group: dict[str, Any]) -> dict[str, Any]:
        """Translate torch's momentum, gathered without lr, at the lr of now."""
        if "momentum_buffer" in state:
            state = {**state, "delta": -group["lr"] * state["momentum_buffer"]}
            del state["momentum_buffer"]
        return super().adopt_state(state, group)


class SGDNesterov(RuleOptimizer):
    """Gradient descent with Nesterov momentum.

    form: "rearranged" is torch's SGD(nesterov=True); "lookahead" is Sutskever's, whose velocity
    keeps old gradients at their old step size. They differ as soon as lr changes.
    """

    translation = Translation(
        rule=optim.SGD,
        arguments={"momentum": ("momentum",), "nesterov": ("nesterov",), "form": ("form",)},
        keys={"velocity": "momentum_buffer"},
        torch_only={"nesterov": True, "dampening": 0.0},
        like_torch={"form": "rearranged"},
    )

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        *,
        form: str = "rearranged",
        maximize: bool = False,
        compiled: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            momentum=momentum,
            weight_decay=weight_decay,
            form=form,
            maximize=maximize,
            compiled=compiled,
        )


class AdaDelta(RuleOptimizer):
    """AdaDelta (Zeiler 2012); lr scales its step and is 1 in the publication."""

    translation = Translation(
        rule=optim.AdaDelta,
        arguments={"rho": ("rho",), "eps": ("eps",)},
        keys={"g2": "square_avg", "dx2": "acc_delta"},
    )

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1.0,
        rho: float = 0.95,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        compiled: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            rho=rho,
            eps=eps,
            weight_decay=weight_decay,
            maximize=maximize,
            compiled=compiled,
        )
