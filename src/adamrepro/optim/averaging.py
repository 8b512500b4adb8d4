"""Parameter averaging, section 7.2."""

from torch import Tensor

from adamrepro.optim.rule import column


def accumulate(average: Tensor, theta: Tensor, decay: Tensor) -> None:
    """In place: thetabar_t = decay thetabar_{t-1} + (1 - decay) theta_t.

    average, theta: [R, ...]; decay: float64 [R], beta2 in the paper. thetabar_0 = 0.
    """
    average.lerp_(theta, column(1 - decay, theta))


def corrected(average: Tensor, decay: Tensor, t: int) -> Tensor:
    """Return thetabar_t / (1 - decay^t): [R, ...]; decay 0 gives theta_t itself."""
    return average / column(1 - decay**t, average)
