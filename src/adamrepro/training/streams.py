"""The random streams of a run: separate generators drawn from its one seed."""

import hashlib

import torch


def stream(seed: int, name: str, device: torch.device | str = "cpu") -> torch.Generator:
    """Return the generator of one stream of a seed.

    name: "init", "order", "noise", "evaluation", "optimizer".
    """
    if torch.device(device).type == "meta":  # has no values, and no generator
        device = "cpu"
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:7], "big"))
