"""The shared low-dimensional subspace: equations (6) and (7).

The frame P is orthonormal, but it is not what is stored.  Stored are rows V [k, M], each new row
the new gradient itself, and a small upper triangular T [k, k] with P = V'T.  Orthogonalising a
gradient against V then costs one product with V, the projection that is needed anyway, instead of
three; only a gradient almost inside the subspace is orthogonalised explicitly.
"""

import math
from typing import TypedDict

import torch
from torch import Tensor

_MAX_FRAME_NORM = 100.0  # largest |column of T|^2, by which rounding is magnified
_MAX_DRIFT = 1e-11  # departure of V V' from what T assumes, beyond which V V' is measured anew
_INSIDE = 1e-12  # a residual shorter than this, relative to the vector, is rounding
_LITTLE = 1e-2  # a residual as short as this is orthogonalised once more
_BLOCK = 16384  # columns of V mixed at a time: the collapse needs no second V


class SubspaceState(TypedDict):
    """What `Subspace` resumes from; V and T are empty when it is the whole space."""

    size: int
    drift: float
    rows: Tensor  # V [k, M]
    frame: Tensor  # T [k, k]


class Subspace:
    """A growing subspace of R^M with float64 coordinates.

    Rows V live on `device`, all that is small (T, coordinates) on the CPU.
    A capacity of M or more gives the whole space at once, with the unit vectors as frame.
    """

    def __init__(self, parameters: int, capacity: int, device: torch.device) -> None:
        self.capacity = min(capacity, parameters)
        self.whole_space = self.capacity == parameters
        self.size = parameters if self.whole_space else 0
        rows = 0 if self.whole_space else self.capacity
        self._rows = torch.empty(rows, parameters, dtype=torch.float64, device=device)
        self._frame = torch.zeros(rows, rows, dtype=torch.float64)
        self._drift = 0.0

    @property
    def full(self) -> bool:
        """Whether `collapse` must come before the next `include`."""
        return not self.whole_space and self.size == self.capacity

    @property
    def bytes(self) -> int:
        """Memory of V and T."""
        return self._rows.nbytes + self._frame.nbytes

    def include(self, vector: Tensor) -> Tensor:
        """Equation (6): coordinates P'v [k] of v [M], after its part outside has joined the frame.

        The vector must be finite.  `size` is k afterwards; earlier coordinates stay valid with a
        zero appended.
        """
        if self.whole_space:
            return vector.to("cpu", torch.float64)
        size = self.size
        row = self._rows[size]
        row.copy_(vector)
        products = (self._rows[: size + 1] @ row).cpu()
        length = math.sqrt(float(products[size]))
        if length == 0.0:
            return torch.zeros(size, dtype=torch.float64)
        row /= length
        inside = self._frame[:size, :size].T @ (products[:size] / length)
        appended = self._append(inside)
        if appended is not None:
            return length * appended
        return length * self._include_remainder(row, inside)

    def _append(self, inside: Tensor) -> Tensor | None:
        """Extend T for the unit row at V[k], given its coordinates `inside` [k] in the old frame.

        Returns its coordinates in the new frame, or None where 1 - |inside|^2 has lost its digits.
        """
        size = self.size
        remainder = 1.0 - float(inside @ inside)
        if remainder * _MAX_FRAME_NORM < 1.0:
            return None
        outside = math.sqrt(remainder)
        column = torch.cat([-(self._frame[:size, :size] @ inside), inside.new_ones(1)]) / outside
        if float(column @ column) > _MAX_FRAME_NORM:
            return None
        self._frame[: size + 1, size] = column
        self.size = size + 1
        return torch.cat([inside, inside.new_tensor([outside])])

    def _include_remainder(self, row: Tensor, inside: Tensor) -> Tensor:
        """The unit vector `row` lies almost inside: subtract what does, append the rest.

        One product with V more than the usual one; two where so little is left that rounding,
        magnified by 1/rest, could lie inside again.
        """
        size = self.size
        self.displace(row, -inside, out=row)
        rest = float(row.norm())
        if rest < _INSIDE:
            return inside
        row /= rest
        leftover = torch.zeros(size, dtype=torch.float64)
        if rest < _LITTLE:
            leftover = self._frame[:size, :size].T @ (self._rows[:size] @ row).cpu()
        appended = self._append(leftover)
        if appended is None:
            return inside
        coordinates = rest * appended
        coordinates[:size] += inside
        return coordinates

    def displace(self, start: Tensor, step: Tensor, out: Tensor) -> None:
        """Write start + P step, for coordinates `step` [k], into `out`, which may be `start`."""
        if self.whole_space:
            torch.add(start, step.to(start.device), out=out)
            return
        size = step.numel()
        weights = (self._frame[:size, :size] @ step).to(start.device)
        torch.addmv(start, self._rows[:size].T, weights, out=out)

    def collapse(self, keep: Tensor) -> Tensor:
        """Equation (7): shrink to the span of the directions `keep` [k, m], m <= k.

        Returns Q [k, m]: a vector with coordinates c has Q'c afterwards.
        """
        size, kept = keep.shape
        frame = self._frame[:size, :size]
        basis: Tensor = torch.linalg.qr(keep).Q
        # rows off orthonormal by e make the next frame off by up to e |T|^2: left alone, that grows
        # from one collapse to the next
        stretch = float(torch.linalg.matrix_norm(frame, 2)) ** 2
        self._drift = (self._drift + size * torch.finfo(torch.float64).eps) * stretch
        gram = self._mix_rows((frame @ basis).T, measure=self._drift > _MAX_DRIFT)
        self._frame.zero_()
        if gram is None:
            self._frame[:kept, :kept].fill_diagonal_(1.0)
        else:
            lower = torch.linalg.cholesky(gram)
            self._frame[:kept, :kept] = torch.linalg.inv(lower).T
            self._drift = 0.0
        self.size = kept
        return basis

    def _mix_rows(self, mix: Tensor, measure: bool) -> Tensor | None:
        """V <- mix V in place, mix [m, k]; V V' of the result [m, m] if `measure`."""
        kept, size = mix.shape
        mix = mix.to(self._rows.device)
        gram = mix.new_zeros(kept, kept)
        for start in range(0, self._rows.shape[1], _BLOCK):
            columns = slice(start, start + _BLOCK)
            mixed = mix @ self._rows[:size, columns]
            self._rows[:kept, columns] = mixed
            if measure:
                gram.addmm_(mixed, mixed.T)
        return gram.cpu() if measure else None

    def state_dict(self, copy: bool = True) -> SubspaceState:
        """What is in use, as a copy, or as views that hold until the next step."""
        rows = 0 if self.whole_space else self.size
        used = self._rows[:rows]
        return SubspaceState(
            size=self.size,
            drift=self._drift,
            rows=used.clone() if copy else used,
            frame=self._frame[:rows, :rows].clone(),
        )

    def load_state_dict(self, state: SubspaceState) -> None:
        """Continue from the state of a subspace of the same shape."""
        rows = state["rows"].shape[0]
        self.size = state["size"]
        self._drift = state["drift"]
        self._rows[:rows] = state["rows"].to(self._rows.device)
        self._frame.zero_()
        self._frame[:rows, :rows] = state["frame"]
