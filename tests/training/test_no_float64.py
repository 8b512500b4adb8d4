"""Training needs no float64 on devices that have none (mps), whatever else they lack."""

from typing import Any

import pytest
import torch
from digits import TINY_MLP, make_loop
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from adamrepro.optim import RULES, widest


class NoFloat64(TorchDispatchMode):
    """Refuses every operation that takes or gives float64, as Apple's GPUs do."""

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), options: Any = None
    ) -> Any:
        given = operation(*args, **(options or {}))
        for each in tree_leaves((args, given)):
            if isinstance(each, torch.Tensor) and each.dtype is torch.float64:
                raise TypeError(f"{operation}: float64")
        return given


@pytest.mark.parametrize("name", sorted(RULES))
def test_trains_without_float64(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (widest("mps"), widest("cpu")) == (torch.float32, torch.float64)
    rules = [RULES[name](averaging=0.5), RULES[name](alpha=1e30)]
    exact = make_loop(rules, TINY_MLP, l2=[0.1, 0.1]).run()
    with pytest.raises(TypeError, match="float64"), NoFloat64():
        make_loop(rules, TINY_MLP, l2=[0.1, 0.1]).run()
    for module in ("optim.rule", "training.members", "training.loop"):
        monkeypatch.setattr(f"adamrepro.{module}.widest", lambda device: torch.float32)
    with NoFloat64():
        curves = make_loop(rules, TINY_MLP, l2=[0.1, 0.1]).run()
    assert [curve.diverged_epoch for curve in curves] == [None, 1]
    for row, exact_row in zip(curves[0].rows, exact[0].rows, strict=True):
        assert row == pytest.approx(exact_row, rel=1e-3)
