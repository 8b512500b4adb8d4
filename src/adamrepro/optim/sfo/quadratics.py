"""The quadratic approximations of all subfunctions, in the subspace: equations (2) to (4)."""

import torch
from torch import Tensor

from adamrepro.errors import UserError
from adamrepro.optim.sfo import secant

_TINY = 1e-12  # differences shorter or less correlated than this are rounding
_LOST = 1e-6  # a step of which a collapse leaves less than this says nothing any more
_STATE = (
    "active", "observations", "value", "position", "gradient", "steps", "changes",
    "beta", "sigma", "basis",
)  # fmt: skip


class Quadratics:
    """q_1 .. q_N, their histories, and which of them are active.

    Coordinates come first in every tensor, [K, ...] with K the subspace's capacity; rows from k on
    are zero.  All on the CPU in float64.
    """

    def __init__(
        self, subfunctions: int, capacity: int, history: int, beta: float, max_condition: float
    ) -> None:
        def zeros(*shape: int) -> Tensor:
            return torch.zeros(*shape, dtype=torch.float64)

        n = subfunctions
        self._max_condition = max_condition
        self._initial_beta = beta
        self.size = 0
        self.active = torch.zeros(n, dtype=torch.bool)
        self.observations = torch.zeros(n, dtype=torch.int64)
        self.value = zeros(n)  # f_i(x_i)
        self.position = zeros(capacity, n)  # x_i, from an origin that a collapse moves
        self.gradient = zeros(capacity, n)  # f_i'(x_i)
        self.steps = zeros(capacity, n, history)  # s, newest first; zero where there is none
        self.changes = zeros(capacity, n, history)  # y
        self.beta = zeros(n)
        self.sigma = zeros(n, 2 * history)
        self.basis = zeros(capacity, n, 2 * history)  # U_i

    @property
    def bytes(self) -> int:
        """Memory of all quadratics and histories."""
        return sum(int(getattr(self, name).nbytes) for name in _STATE)

    def activate(self, index: int, first: bool = False) -> None:
        """Let subfunction `index` count; the first ones start from the initial Hessian."""
        self.active[index] = True
        if first:
            self.beta[index] = self._initial_beta

    def hessian(self) -> Tensor:
        """H [k, k], the sum of equation (3) over the active subfunctions."""
        basis = self.basis[: self.size].flatten(1)
        low_rank = (basis * self.sigma.flatten()) @ basis.T
        return low_rank + self.beta[self.active].sum() * torch.eye(self.size, dtype=basis.dtype)

    def total_gradient(self, here: Tensor) -> Tensor:
        """G'(x) [k] of equation (4) at x = `here` [k]."""
        offset = here.unsqueeze(1) - self.position[: self.size]
        slopes = self.gradient[: self.size] + self._own_products(offset)
        return slopes[:, self.active].sum(dim=1)

    def predict(self, index: int, here: Tensor) -> float:
        """q_i(x), equation (2), at x = `here` [k]."""
        offset = here - self.position[: self.size, index]
        basis = self.basis[: self.size, index]
        bend = self.beta[index] * offset + basis @ (self.sigma[index] * (basis.T @ offset))
        slope = self.gradient[: self.size, index] + 0.5 * bend
        return float(self.value[index] + slope @ offset)

    def distances(self, here: Tensor, hessian: Tensor | None) -> Tensor:
        """(x - x_i)' Q (x - x_i) of equation (11) [N]: Q = `hessian` [k, k], or H_i for None."""
        offset = here.unsqueeze(1) - self.position[: self.size]
        product = self._own_products(offset) if hessian is None else hessian @ offset
        return (offset * product).sum(dim=0)

    def observe(self, index: int, here: Tensor, value: float, gradient: Tensor) -> None:
        """Subfunction `index` was evaluated at `here` [k]; the difference to before is history."""
        self.size = k = gradient.shape[0]
        if int(self.observations[index]) > 0:
            step = here - self.position[:k, index]
            change = gradient - self.gradient[:k, index]
            lengths = float(step.norm()), float(change.norm())
            # a pair of negative curvature is kept: it is true of the function
            if min(lengths) > _TINY and abs(float(step @ change)) > _TINY * lengths[0] * lengths[1]:
                for store, newest in ((self.steps, step), (self.changes, change)):
                    store[:, index, 1:] = store[:, index, :-1].clone()
                    store[:k, index, 0] = newest
        self.position[:k, index] = here
        self.gradient[:k, index] = gradient
        self.value[index] = value
        self.observations[index] += 1

    def refit(self, index: int) -> None:
        """Equations (8) to (10) for subfunction `index`."""
        k = self.size
        if k == 0:
            return  # every gradient so far was zero
        known = self.steps[:k, index].norm(dim=0) > 0.0
        self.basis[:, index], self.sigma[index] = 0.0, 0.0
        if not bool(known.any()):
            eigenvalues = torch.linalg.eigvalsh(self.hessian())
            self.beta[index] = torch.quantile(eigenvalues, 0.5) / int(self.active.sum())
            return
        curvature = secant.fit(
            self.steps[:k, index][:, known].flip(1),
            self.changes[:k, index][:, known].flip(1),
            fallback=float(self.beta[self.active].max()),
            max_condition=self._max_condition,
        )
        rank = curvature.sigma.shape[0]
        self.beta[index] = curvature.beta
        self.sigma[index, :rank] = curvature.sigma
        self.basis[:k, index, :rank] = curvature.basis

    def keep(self, here: Tensor, before: Tensor, at_most: int) -> Tensor:
        """The directions that a collapse keeps, equation (7): [k, <= at_most].

        The latest gradients and positions come first; while few subfunctions are active there is
        room for the newest of the history.

        Args:
            here: current position [k], from which the others are seen.
            before: previous position [k].
            at_most: number of directions, 2N + 1 at least.
        """
        k, origin = self.size, here.unsqueeze(1)
        seen = self.observations > 0
        positions = self.position[:k, seen] - origin
        latest = [self.gradient[:k, seen], positions, before.unsqueeze(1) - origin]
        pairs_k2nl = torch.stack([self.changes[:k], self.steps[:k]], dim=1)
        history = pairs_k2nl.permute(0, 3, 1, 2).flatten(1)
        history = history[:, history.norm(dim=0) > 0.0]
        return torch.cat([*latest, history], dim=1)[:, :at_most]

    def transform(self, change: Tensor, origin: Tensor) -> None:
        """New coordinates Q'(x - origin), Q = `change` [k, m], after a collapse."""
        k, m = change.shape
        self.position[:k] -= origin.unsqueeze(1)
        before = self.steps[:k].norm(dim=0)
        for tensor in (self.position, self.gradient, self.steps, self.changes, self.basis):
            projected = (change.T @ tensor[:k].flatten(1)).view(m, *tensor.shape[1:])
            tensor.zero_()
            tensor[:m] = projected
        lost = self.steps[:m].norm(dim=0) < _LOST * before
        self.steps[:, lost] = 0.0
        self.size = m

    def state_dict(self) -> dict[str, Tensor]:
        """A copy of everything."""
        return {name: getattr(self, name).clone() for name in _STATE} | {
            "size": torch.tensor(self.size)
        }

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continue from a `state_dict`.

        Raises:
            UserError: it is of other shapes.
        """
        if state["basis"].shape != self.basis.shape:
            raise UserError(
                f"SFO: the state is of {_described(state['basis'])}, "
                f"this optimizer of {_described(self.basis)}"
            )
        self.size = int(state["size"])
        for name in _STATE:
            getattr(self, name).copy_(state[name])

    def _own_products(self, vectors: Tensor) -> Tensor:
        """H_i v_i for every i; v [k, N]."""
        basis = self.basis[: self.size]
        weights = self.sigma * torch.einsum("knr,kn->nr", basis, vectors)
        return self.beta * vectors + torch.einsum("knr,nr->kn", basis, weights)


def _described(basis: Tensor) -> str:
    return f"{basis.shape[1]} subfunctions with a history of {basis.shape[2] // 2}"
