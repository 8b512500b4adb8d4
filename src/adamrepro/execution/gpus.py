"""Which GPU a worker process takes."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence

import torch


def visible_gpus() -> list[str]:
    """Return the GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    count = torch.cuda.device_count()
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    # torch counts what is named; a name may be a UUID
    names = named.split(",") if named else map(str, range(count))
    return [name.strip() for name in names][:count]


def least_used(gpus: Sequence[str], taken: Iterable[str | None]) -> str | None:
    """Return the GPU that the fewest workers have; the worker after a dead one takes its place."""
    uses = Counter(taken)
    return min(gpus, key=lambda gpu: uses[gpu], default=None)
