"""What an SFO run resumes from: tensors and numbers only, as torch.save likes them."""

from typing import TypedDict

from torch import Tensor

from adamrepro.optim.sfo.surrogate import SurrogateState


class SFOState(TypedDict):
    """See `SFO`."""

    surrogate: SurrogateState
    generator: Tensor
    scale: float
    promised: float
    travelled: float
    since_growth: int
    evaluations: int
    failures: int
    collapses: int
