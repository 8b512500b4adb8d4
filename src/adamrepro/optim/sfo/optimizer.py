"""The optimizer: one step after the other.  The algorithm is set out in the package's docstring."""

import math
from collections.abc import Callable, Sequence
from typing import Generic

import torch
from torch import Tensor

from adamrepro.errors import UserError
from adamrepro.optim.sfo import memory, policy
from adamrepro.optim.sfo.active_set import ActiveSet
from adamrepro.optim.sfo.evaluation import Evaluator, Subfunction
from adamrepro.optim.sfo.layout import Layout, Theta
from adamrepro.optim.sfo.state import SFOState
from adamrepro.optim.sfo.surrogate import Surrogate

_BACKOFFS = 10  # trials of a place 100 times nearer to the last good one
_EXPLODED = 10.0  # a failed value this many expected changes away says nothing about curvature
_TINY = 1e-12


class SFO(Generic[Theta, Subfunction]):
    """Minimise a sum of subfunctions, F(x) = sum_i f_i(x), one subfunction evaluation at a time.

    A quasi-Newton method for minibatches: no step size to tune, but the cost must be free of noise
    and the memory grows with parameters times subfunctions.  The authors advise sqrt(examples) / 10
    minibatches, and not fewer than 25.  Equation numbers are those of the `adamrepro.optim.sfo`
    docstring.

    >>> optimizer = SFO(cost_and_grad, [weight, bias], minibatches)
    >>> weight, bias = optimizer.optimize(num_passes=20)

    Args:
        cost_and_grad: f_i: called with the parameters, in the structure of `theta0`, and one of
            the subfunctions; returns the value and the gradient in the same structure.  What it is
            given is overwritten by the next call.
        theta0: x at the start; a tensor or a list of tensors.
        subfunctions: N things that `cost_and_grad` understands: minibatches, indices, file names.
        history: L, pairs (s, y) remembered for each subfunction, (8) and (9).
        initial_hessian: beta_i of the first active subfunctions, (3): large, so that the first
            step is short.
        initial_active: subfunctions active at the start.
        max_noise: ratio of the two sides of (12) at which another subfunction becomes active.
        max_condition: largest ratio of eigenvalues of one H_i, (10).
        max_step_ratio: longest step in mean steps, (5).
        min_step: shortest step, in the units of x, (5).
        seed: of the optimizer's own random choices: activation and the coin of (11).
        device: where x and the subspace live; that of `theta0` by default.
        dtype: of the parameters that the cost is given; that of `theta0` by default.  All else is
            float64.
        allow_noise: run although the cost is noisy; expect it to fail to converge.
        memory_limit: bytes that may be used; by default what `device` has free.

    Raises:
        UserError: wrong parameters; from the first `step`, a cost that is noisy or not finite at
            `theta0`.
        MemoryError: too many subfunctions for the memory.
    """

    def __init__(
        self,
        cost_and_grad: Callable[[Theta, Subfunction], tuple[float | Tensor, Theta]],
        theta0: Theta,
        subfunctions: Sequence[Subfunction],
        *,
        history: int = 10,
        initial_hessian: float = 1e5,
        initial_active: int = 2,
        max_noise: float = 1.0,
        max_condition: float = 1e8,
        max_step_ratio: float = 10.0,
        min_step: float = 1e-8,
        seed: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        allow_noise: bool = False,
        memory_limit: int | None = None,
    ) -> None:
        n = len(subfunctions)
        _require_positive(subfunctions=n, history=history, initial_active=initial_active)
        _require_positive(initial_hessian=initial_hessian, max_condition=max_condition)
        _require_positive(max_noise=max_noise, max_step_ratio=max_step_ratio, min_step=min_step)
        self._n = n
        self._max_step_ratio, self._min_step = max_step_ratio, min_step
        self._allow_noise = allow_noise
        self._layout = Layout(theta0)
        start = self._layout.flatten(theta0)
        where = start.device if device is None else torch.device(device)
        free = memory.available_memory(where) if memory_limit is None else memory_limit
        memory.require_memory(self._layout.parameters, n, history, free)
        self._evaluate = Evaluator(
            cost_and_grad, self._layout, subfunctions, dtype or start.dtype, where
        )
        start = start.to(where, torch.float64, copy=True)
        self._surrogate = Surrogate(start, n, history, initial_hessian, max_condition)
        self._model = self._surrogate.model
        self._active_set = ActiveSet(self._model, initial_active, max_noise, seed)
        self._scale = 1.0  # eta
        self._promised = 0.0  # 1/2 step' H step
        self._travelled = 0.0
        self.failures = 0
        self.kept = 0
        """Which evaluation, from 1, was made at the place that the last step kept."""

    @property
    def theta(self) -> Theta:
        """The parameters, a copy in the structure of `theta0`."""
        flat = self._surrogate.here.theta.to(self._evaluate.dtype, copy=True)
        return self._layout.restore(flat)

    @property
    def evaluations(self) -> int:
        """Calls of the cost so far; N of them are a pass over the data."""
        return self._evaluate.count

    @property
    def active(self) -> int:
        """How many subfunctions take part so far."""
        return int(self._model.active.sum())

    @property
    def bytes(self) -> int:
        """Memory of all that it keeps: subspace, quadratics, places."""
        return self._surrogate.bytes + self._evaluate.bytes

    @property
    def collapses(self) -> int:
        """How often the subspace was shrunk."""
        return self._surrogate.collapses

    @property
    def objective(self) -> float:
        """The sum of the latest values of all subfunctions seen so far, each where it was seen."""
        return float(self._model.value[self._model.observations > 0].sum())

    def optimize(self, *, num_passes: float) -> Theta:
        """Step until `num_passes` times N more evaluations are done; return the parameters."""
        target = self.evaluations + num_passes * self._n
        while self.evaluations < target:
            self.step()
        return self.theta

    def step(self) -> float:
        """Evaluate one subfunction and move.

        Takes one evaluation; two in the first step, up to twelve if the last one had failed.

        Returns:
            The value of the subfunction at the place that was kept; NaN if it was not finite there.
        """
        here = self._surrogate.here
        index = self._active_set.choose(here.coordinates)
        value, gradient = self._evaluate(here.theta, index)
        self.kept = self.evaluations
        if self.evaluations == 1:
            self._inspect_first(index, value, gradient)
        failed = self._has_failed(index, value)
        if failed:
            value = self._recover(index, value, gradient)
        else:
            self._accept(index, value, gradient)
        self._scale = policy.next_scale(self._scale, failed, self._n)
        self._model.refit(index)
        factor = self._move()
        self._active_set.grow(factor, failed)
        return value

    def _inspect_first(self, index: int, value: float, gradient: Tensor) -> None:
        if not math.isfinite(value):
            raise UserError(
                f"SFO: subfunction {index} or its gradient is not finite at theta0; "
                "choose other initial values"
            )
        if not self._allow_noise:
            theta = self._surrogate.here.theta
            self._evaluate.require_repeatable(theta, index, value, gradient)

    def _has_failed(self, index: int, value: float) -> bool:
        """Equation (13)."""
        model = self._model
        if not math.isfinite(value):
            return True
        if int(model.observations[index]) == 0:
            return policy.is_outlier(value, model.value[model.observations > 1])
        predicted = model.predict(index, self._surrogate.here.coordinates)
        last = float(model.value[index])
        return policy.is_worse_than_promised(value, last, predicted, self._promised)

    def _accept(self, index: int, value: float, gradient: Tensor) -> None:
        here, before = self._surrogate.here, self._surrogate.before
        self._travelled += here.distance(before)
        self._surrogate.observe(index, here, value, gradient)

    def _recover(self, index: int, value: float, gradient: Tensor) -> float:
        """Go back to the place before, unless this subfunction was worse there.

        Both evaluations join the history, so that the failure teaches; one that has exploded is
        first repeated nearer to the place before.
        """
        self.failures += 1
        here, before = self._surrogate.here, self._surrogate.before
        value_before, gradient_before = self._evaluate(before.theta, index)
        number_before = self.evaluations
        expected = self._expected_change(index, value, value_before)
        for _ in range(_BACKOFFS):
            if value - value_before < _EXPLODED * expected:
                break
            here.approach(before, 0.99)
            value, gradient = self._evaluate(here.theta, index)
            self.kept = self.evaluations
        if value < value_before:
            self._surrogate.observe(index, before, value_before, gradient_before)
            self._accept(index, value, gradient)
            return value
        self._surrogate.observe(index, here, value, gradient)
        self._surrogate.observe(index, before, value_before, gradient_before)
        self._surrogate.go_back()
        self.kept = number_before
        return value_before

    def _expected_change(self, index: int, value: float, value_before: float) -> float:
        if int(self._model.observations[index]) > 0:
            predicted = self._model.predict(index, self._surrogate.here.coordinates)
            change = abs(predicted - float(self._model.value[index]))
        else:
            change = abs(value - value_before if math.isfinite(value) else value_before)
        return max(change, _TINY)

    def _move(self) -> Tensor:
        """Equations (4) and (5); returns the Cholesky factor of H."""
        hessian = self._model.hessian()
        factor = policy.positive_factor(hessian)
        downhill = -self._model.total_gradient(self._surrogate.here.coordinates)
        newton = torch.cholesky_solve(downhill.unsqueeze(1), factor).squeeze(1)
        mean = self._travelled / self.evaluations
        capped = self.evaluations > self._n and mean > 0.0
        longest = self._max_step_ratio * mean if capped else math.inf
        step = policy.limited(self._scale * newton, self._min_step, longest)
        self._promised = 0.5 * float(step @ hessian @ step)
        self._surrogate.move(step)
        return factor

    def state_dict(self, *, copy: bool = True) -> SFOState:
        """All that a run needs to go on bit for bit.

        A copy takes as much memory as SFO itself; without, the state holds until the next step,
        long enough for torch.save.
        """
        return SFOState(
            surrogate=self._surrogate.state_dict(copy),
            generator=self._active_set.generator.get_state(),
            scale=self._scale,
            promised=self._promised,
            travelled=self._travelled,
            since_growth=self._active_set.since_growth,
            evaluations=self._evaluate.count,
            failures=self.failures,
            collapses=self._surrogate.collapses,
        )

    def load_state_dict(self, state: SFOState) -> None:
        """Go on from `state`.

        Raises:
            UserError: it belongs to another number of parameters or subfunctions, or another
                history.
        """
        theirs = state["surrogate"]["here"].shape[0]
        if theirs != self._layout.parameters:
            raise UserError(
                f"SFO: the state is of {theirs} parameters, "
                f"this optimizer of {self._layout.parameters}"
            )
        self._surrogate.load_state_dict(state["surrogate"])
        self._surrogate.collapses = state["collapses"]
        self._active_set.generator.set_state(state["generator"])
        self._active_set.since_growth = state["since_growth"]
        self._scale = state["scale"]
        self._promised = state["promised"]
        self._travelled = state["travelled"]
        self._evaluate.count = state["evaluations"]
        self.failures = state["failures"]


def _require_positive(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise UserError(f"SFO: {name} is {value}, expected more than 0")
