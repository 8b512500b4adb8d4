"""How much memory SFO takes, and how many subfunctions fit."""

import os
from pathlib import Path

import torch

_BYTES = 8  # float64
_VECTORS = 5  # x, x before, a gradient, and what the cost is given and returns
_CONTROL_GROUPS = (  # versions 2 and 1: folder, limit, usage, the part of it that can be evicted
    (Path("/sys/fs/cgroup"), "memory.max", "memory.current", "inactive_file"),
    (
        Path("/sys/fs/cgroup/memory"),
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
)


def minimal_subspace(subfunctions: int, history: int) -> int:
    """2N + 2: latest gradients and positions, and the current and the previous position.

    A few subfunctions get 2L + 2, the history of one: N = 1 is then BFGS with that history.
    """
    return 2 * max(subfunctions, history) + 2


def maximal_subspace(subfunctions: int, history: int) -> int:
    """The dimension at which the subspace collapses: 3/2 of the minimal one, 3N + 3."""
    return 3 * minimal_subspace(subfunctions, history) // 2


def memory_needed(parameters: int, subfunctions: int, history: int = 10) -> int:
    """Bytes that SFO allocates, the cost's own needs not counted.

    The subspace, M (3N + 3) numbers, outweighs the rest: linear in both.
    """
    rows = min(maximal_subspace(subfunctions, history), parameters)
    subspace = 0 if rows == parameters else rows * parameters
    model = rows * subfunctions * (4 * history + 2)  # U_i, S, Y, gradients, positions
    solving = rows * subfunctions * 4 * history + 4 * rows * rows  # temporaries of H and H_i v_i
    return _BYTES * (subspace + _VECTORS * parameters + model + solving)


def largest_subfunctions(parameters: int, available: int, history: int = 10) -> int:
    """The largest N whose `memory_needed` is within `available` bytes; 0 if none is."""
    low, high = 0, 1
    while memory_needed(parameters, high, history) <= available:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        fits = memory_needed(parameters, middle, history) <= available
        low, high = (middle, high) if fits else (low, middle)
    return low


def require_memory(parameters: int, subfunctions: int, history: int, available: int | None) -> None:
    """Compare with what is there, before anything is allocated; None is unknown and passes.

    Raises:
        MemoryError: too little, with the largest number of subfunctions that fits.
    """
    needed = memory_needed(parameters, subfunctions, history)
    if available is None or needed <= available:
        return
    largest = largest_subfunctions(parameters, available, history)
    advice = (
        f"at most {largest} fit: use larger minibatches"
        if largest
        else "not even one fits: use a smaller model or another machine"
    )
    raise MemoryError(
        f"SFO: {subfunctions} subfunctions of {parameters:,} parameters need "
        f"{needed / 2**30:.1f} GiB, {available / 2**30:.1f} GiB are free; {advice}"
    )


def available_memory(device: torch.device) -> int | None:
    """Free bytes on `device`; on the CPU within the limits of the control group."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type != "cpu":
        return None
    known = [free for free in (_machine_memory(), _control_group_memory()) if free is not None]
    return min(known, default=None)


def _machine_memory() -> int | None:
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _control_group_memory() -> int | None:
    for folder, limit, usage, evictable in _CONTROL_GROUPS:
        try:
            allowed = (folder / limit).read_text().strip()
            used = int((folder / usage).read_text())
            statistics = dict(map(str.split, (folder / "memory.stat").read_text().splitlines()))
            cached = int(statistics[evictable])
        except (OSError, ValueError, KeyError):
            continue
        return None if allowed == "max" else max(0, int(allowed) - used + cached)
    return None
