"""The paper's sentences as checks on the tables. No torch here: judging needs the tables alone."""

from adamrepro.claims.bias import BIAS_BEST, BIAS_STABILITY
from adamrepro.claims.book import Book
from adamrepro.claims.bounds import ADAMAX_BOUND, STEP_BOUND
from adamrepro.claims.claim import Check, Claim, Judgement, Kind, Needs, Outcome, Verdict
from adamrepro.claims.estimates import ADAGRAD_LIMIT, BIAS_ESTIMATE, REGRET
from adamrepro.claims.figures_1_to_3 import (
    CONVNET_EARLY,
    CONVNET_LATE,
    IMDB_SPARSE,
    MLP_DROPOUT,
    MNIST_LOGISTIC,
)
from adamrepro.claims.judge import judge
from adamrepro.claims.ratios import ANNEALING, CONVNET_V, SCALE_FREE
from adamrepro.claims.sfo import SFO_NOISE, SFO_SPEED

# In the paper's order. A new claim is a sentence, what it needs, its checks, and a line here.
_ALL = (
    STEP_BOUND,
    SCALE_FREE,
    ANNEALING,
    BIAS_ESTIMATE,
    REGRET,
    ADAGRAD_LIMIT,
    MNIST_LOGISTIC,
    IMDB_SPARSE,
    MLP_DROPOUT,
    SFO_SPEED,
    SFO_NOISE,
    CONVNET_EARLY,
    CONVNET_LATE,
    CONVNET_V,
    BIAS_STABILITY,
    BIAS_BEST,
    ADAMAX_BOUND,
)
CLAIMS: dict[str, Claim] = {claim.id: claim for claim in _ALL}

__all__ = [
    "CLAIMS",
    "Book",
    "Check",
    "Claim",
    "Judgement",
    "Kind",
    "Needs",
    "Outcome",
    "Verdict",
    "judge",
]
