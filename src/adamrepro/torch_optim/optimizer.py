"""A torch.optim.Optimizer over any elementwise update rule."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import ParamsT

from adamrepro.torch_optim.eager import step_eagerly
from adamrepro.torch_optim.kernels import step_compiled
from adamrepro.torch_optim.rows import Row, Scratch, pack, small_on, step_rows
from adamrepro.torch_optim.scalars import plain
from adamrepro.torch_optim.translation import Translation

Kind = tuple[int, torch.device, torch.dtype]
"""What parameters stepped together share: the step number, device and dtype."""

Member = tuple[Tensor, Tensor, dict[str, Any]]
"""A parameter, its gradient and its state."""

WIDE = {
    torch.float16: torch.float32,
    torch.bfloat16: torch.float32,
    torch.complex32: torch.complex64,
}
"""State of a narrow parameter is kept in fp32: in bf16, beta2 = 0.999 would round to 1."""


class RuleOptimizer(Optimizer):
    """An update rule behind the interface of torch.optim.

    Every group has `lr` (the rule's alpha), `weight_decay` (coupled: weight_decay * theta joins
    the gradient), `maximize`, `compiled`, and the rule's own hyper-parameters. A class says in its
    `translation` which rule it is; compare `classes.py`.
    """

    translation: ClassVar[Translation]

    def __init__(self, params: ParamsT, **options: Any) -> None:
        """Take parameters or groups, and the options that groups do not set for themselves.

        Raises: ValueError for an option out of its range.
        """
        defaults = {**options, **self.translation.torch_only}
        self.translation.check(defaults)
        self.scratch: dict[tuple[int, torch.device, torch.dtype], Scratch | None] = {}
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore what was copied or pickled; where small parameters are gathered is not."""
        self.scratch = {}
        super().__setstate__(state)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group as torch does, after a check of its own options."""
        if isinstance(param_group, dict):
            self.translation.check({**self.defaults, **param_group})
        super().add_param_group(param_group)

    # torch.compile around a step compiles what compiled=True asks for, and no more
    @torch.compiler.disable  # type: ignore[untyped-decorator]
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Take one step on every parameter that has a gradient.

        closure: computes the cost again and returns it; `step` then returns it as well.
        Raises: RuntimeError for a sparse gradient, before anything has moved.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        due = [(group, self.due(group)) for group in self.param_groups]
        for group, kinds in due:
            for kind, members in kinds.items():
                self.advance(group, kind, members)
        return loss

    def due(self, group: dict[str, Any]) -> dict[Kind, list[Member]]:
        """Sort a group's parameters that have a gradient; give new ones their state."""
        kinds: dict[Kind, list[Member]] = defaultdict(list)
        new = []
        whole = len(self.translation.keys) + 1  # and the step number
        for p in group["params"]:
            g = p.grad
            if g is None:
                continue
            if g.layout is not torch.strided:
                raise RuntimeError(
                    f"{type(self).__name__}: parameter of shape {tuple(p.shape)} has a gradient of "
                    f"layout {g.layout}: expected a dense one (embeddings: sparse=False)"
                )
            state = self.state[p]
            if len(state) < whole:
                self.begin(p, state)
                new.append(p)
            kinds[state["step"] + 1, p.device, p.dtype].append((p, g, state))
        self.pack(new)
        return kinds

    def begin(self, p: Tensor, state: dict[str, Any]) -> None:
        """Fill in what a parameter's state lacks: zeros, in fp32 at least, and step 0."""
        state.setdefault("step", 0)
        for key in self.translation.keys.values():
            if key not in state:
                state[key] = torch.zeros_like(p, dtype=WIDE.get(p.dtype, p.dtype))

    def pack(self, parameters: Iterable[Tensor]) -> None:
        """Let small parameters of one device and dtype share one tensor per entry of the state."""
        small = defaultdict(list)
        for p in parameters:
            if p.numel() < small_on(p.device):
                small[p.device, p.dtype].append(self.state[p])
        for states in small.values():
            pack(states, list(self.translation.keys.values()))

    def advance(self, group: dict[str, Any], kind: Kind, members: list[Member]) -> None:
        """Step parameters of one kind in place."""
        t, device, dtype = kind
        rule, keys = self.translation.rule, [*self.translation.keys.values()]
        rows: list[Row] = []
        for p, g, state in members:
            state["step"] = t
            rows.append([p, g, *[state[key] for key in keys]])
        if dtype.is_complex:
            rows = [[torch.view_as_real(tensor) for tensor in row] for row in rows]
        exact = rule.coefficients(self.translation.hyper(group), t)
        factors: Sequence[Any] = [
            float(group["weight_decay"]),
            *(plain(factor) for factor in exact),
        ]
        if group["compiled"]:  # as tensors: floats would be compiled in
            factors = torch.tensor(factors, dtype=rows[0][2].dtype).unbind()
        step = partial(
            step_compiled if group["compiled"] else step_eagerly,
            rule,
            factors[0] if group["weight_decay"] else None,
            group["maximize"],
            type(exact)(*factors[1:]),
        )
        place = id(group), device, dtype
        self.scratch[place] = step_rows(step, rows, device, self.scratch.get(place))

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load a state_dict of this class, or of torch's class of the same method.

        Raises: ValueError, before anything is loaded, for the state of another method.
        """
        adopted: dict[str, Any] = {}

        def before(_: Optimizer, given: dict[str, Any]) -> dict[str, Any]:
            adopted.update(self.adopt(given))
            return adopted

        def after(_: Optimizer) -> None:
            self.widen(adopted)
            whole = len(self.translation.keys)
            self.pack(p for p in list(self.state) if len(self.state[p]) > whole)

        hooks = [
            self.register_load_state_dict_pre_hook(before),
            self.register_load_state_dict_post_hook(after, prepend=True),
        ]
        try:
            super().load_state_dict(state_dict)
        finally:
            for hook in hooks:
                hook.remove()

    def adopt(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return a state_dict in this class's own words; ValueError if that cannot be."""
        groups = [
            self.translation.adopt_group(group, self.defaults) for group in given["param_groups"]
        ]
        state = dict(given["state"])
        for group in groups:
            for index in group["params"]:
                if index in state:
                    state[index] = self.adopt_state(state[index], group)
        return {**given, "state": state, "param_groups": groups}

    def adopt_state(self, state: dict[str, Any], group: dict[str, Any]) -> dict[str, Any]:
        """Return one parameter's loaded state; a class may translate torch's first."""
        return self.translation.adopt_state(state)

    def widen(self, adopted: dict[str, Any]) -> None:
        """Undo torch's rounding of a loaded state to the dtype of a narrow parameter."""
        for ours, theirs in zip(self.param_groups, adopted["param_groups"], strict=True):
            for p, index in zip(ours["params"], theirs["params"], strict=True):
                loaded = adopted["state"].get(index, {})
                if p.dtype in WIDE:
                    for key in loaded.keys() & self.translation.keys.values():
                        self.state[p][key] = loaded[key].to(p.device, WIDE[p.dtype])
