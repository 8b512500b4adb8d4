"""SFO, the Sum of Functions Optimizer.

J. Sohl-Dickstein, B. Poole, S. Ganguli, "Fast large-scale optimization by unifying stochastic
gradient and quasi-Newton methods", ICML 2014, arXiv 1311.2115.  The equations below are numbered
here, for reference from the code; the paper's own numbers differ.

The objective is a sum of N subfunctions, minibatches as a rule, of M parameters x:

    (1)  F(x) = sum_i f_i(x)

Each is approximated by a quadratic around x_i, the place where it was last evaluated:

    (2)  q_i(x) = f_i(x_i) + (x - x_i)' f_i'(x_i) + 1/2 (x - x_i)' H_i (x - x_i)
    (3)  H_i = beta_i I + U_i diag(sigma_i) U_i'

A step evaluates one subfunction, renews its quadratic, and moves to where the sum of the active
quadratics, G, is smallest, with H = sum_i H_i:

    (4)  x <- x - eta H^-1 G'(x),        G'(x) = sum_i [f_i'(x_i) + H_i (x - x_i)]
    (5)  1e-8 <= |step|;  |step| <= 10 mean |step| once N evaluations are done

All vectors but x itself live in a shared subspace with orthonormal frame P [M, k], k << M.  A
gradient that points out of it adds a direction; when k has grown to 3/2 of 2N+2, QR keeps only
the latest gradients and positions (and, where that leaves room, the newest history):

    (6)  P <- [P, r/|r|],  r = (I - P P') f_i'
    (7)  P <- P Q,         Q R = P' [f_1', .., f_N', x_1 - x, .., x_N - x, x_previous - x]

H_i comes from the last L = 10 differences of position and gradient of subfunction i,
S = [s_1 .. s_L] and Y = [y_1 .. y_L], oldest first:

    (8)  beta_i = smallest non-zero singular value of Y pinv(S), the least-squares solution of
         H_i S = Y;  without history: median eigenvalue of H / number of active subfunctions
    (9)  B <- B + y y'/(y's) - B s s'B/(s'Bs)  for each pair, from B = beta_i I
    (10) eigenvalues of B below 1e-8 of the largest become the median positive one

Which subfunction comes next: one seen less than twice, else the one farthest from where it was
last evaluated, with Q either H or H_i, by the toss of a coin:

    (11) argmax_i (x - x_i)' Q (x - x_i)

Only two subfunctions are active at first.  One more joins when the standard error of the mean
gradient g exceeds the mean itself, when a step failed, or when a whole pass brought no new one:

    (12) sum_i (g_i - g)' H^-1 (g_i - g) / (n (n-1)) >= g' H^-1 g

A step has failed when f_i rose, and by more above its prediction than the whole model promised to
gain elsewhere; a subfunction not seen before, when it lies 3 standard deviations above the others.
Then eta is halved and x goes back; otherwise eta recovers:

    (13) f_i(x) - q_i(x) > 1/2 step' H step - [f_i(x_i) - q_i(x)];  eta <- 1/N + (1 - 1/N) eta
"""

from adamrepro.optim.sfo.memory import largest_subfunctions, memory_needed
from adamrepro.optim.sfo.optimizer import SFO
from adamrepro.optim.sfo.settings import SfoSettings

__all__ = ["SFO", "SfoSettings", "largest_subfunctions", "memory_needed"]
