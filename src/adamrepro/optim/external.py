"""An optimizer of somebody else's: any class with torch.optim's interface, by its import path."""

import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from adamrepro.errors import UserError, in_a_line, nearest


@dataclass(kw_only=True)
class ExternalSettings:
    """A class and its keyword arguments.

    cls: `package.module.Class`, `package.module:Class`, or `folder/file.py:Class`; modules are
        looked for in the present folder, too.
    kwargs: what the class is called with, beside the parameters.
    code: what the class is made of, so that a run counts as done only for the same code: the
        package and its version, or a checksum of the file. Filled in here.
    """

    name: str = "external"
    cls: str = ""
    kwargs: dict[str, Any] = field(default_factory=dict)
    code: str = ""

    def __post_init__(self) -> None:
        """Try the class on small parameters; raises UserError for whatever would fail later."""
        self.code = code_of(load(self.cls))
        optimizer = self.build(small_parameters())
        set_mode(optimizer, "train")
        of = f"optimizer.cls={self.cls}"
        with blamed(f"{of}: its step fails on a weight of 2 x 2 and a bias of 2"):
            optimizer.step()
        saved = io.BytesIO()
        with blamed(f"{of}: its state cannot be saved and loaded"):
            torch.save(optimizer.state_dict(), saved)
            saved.seek(0)
            state = torch.load(saved, weights_only=True)
            self.build(small_parameters()).load_state_dict(state)

    @property
    def lr(self) -> float | None:
        """The step size it trains with; None for an optimizer that has none."""
        (group, *_) = self.build(small_parameters()).param_groups
        lr = group.get("lr")
        return None if lr is None else float(lr)

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
        """Return the optimizer of these parameters.

        Raises UserError for wrong arguments, and for code that is not what it was.
        """
        found = load(self.cls)
        if code_of(found) != self.code:
            raise UserError(
                f"optimizer.cls={self.cls}: changed since this run was planned (code {self.code}); "
                "give the command again"
            )
        given = ", ".join(f"{key}={value}" for key, value in self.kwargs.items())
        with blamed(f"optimizer.kwargs: {self.cls}({given}) is refused"):
            return found(parameters, **self.kwargs)


def small_parameters() -> list[Tensor]:
    """Return a weight and a bias, with gradients."""
    parameters = [torch.zeros(shape, requires_grad=True) for shape in ((2, 2), (2,))]
    for parameter in parameters:
        parameter.grad = torch.ones_like(parameter)
    return parameters


def set_mode(optimizer: torch.optim.Optimizer, mode: str) -> None:
    """Tell optimizers that train at another place than they evaluate (schedule-free ones)."""
    if hasattr(optimizer, "train") and hasattr(optimizer, "eval"):
        getattr(optimizer, mode)()


@contextmanager
def blamed(what: str) -> Iterator[None]:
    """Turn whatever the user's code raises into a UserError that says what went wrong."""
    try:
        yield
    except (Exception, SystemExit) as error:
        raise UserError(f"{what} ({type(error).__name__}: {in_a_line(error)})") from None


def load(path: str) -> type[torch.optim.Optimizer]:
    """Import a class; raises UserError where there is none that can be used."""
    if path.endswith(".py"):
        raise UserError(f"optimizer.cls={path}: a file; expected its class, too, as in {path}:Mine")
    place, _, name = path.partition(":") if ":" in path else path.rpartition(".")
    if not place or not name:
        raise UserError(
            f"optimizer.cls={path}: expected package.module.Class or folder/file.py:Class"
        )
    module = import_from(place, path)
    found = getattr(module, name, None)
    if found is None:
        classes = [
            key
            for key, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, torch.optim.Optimizer)
        ]
        raise UserError(f"optimizer.cls={path}: {place} has no {name}; {nearest(name, classes)}")
    if not (isinstance(found, type) and issubclass(found, torch.optim.Optimizer)):
        raise UserError(f"optimizer.cls={path}: not a subclass of torch.optim.Optimizer")
    closure = list(inspect.signature(found.step).parameters.values())[1:2]
    if closure and closure[0].default is inspect.Parameter.empty:
        raise UserError(
            f"optimizer.cls={path}: its step needs a closure that evaluates the cost again; "
            "the loop takes one gradient a step"
        )
    return found


def import_from(place: str, path: str) -> ModuleType:
    """Import a module by its name or its file."""
    try:
        if not place.endswith(".py"):
            here = str(Path.cwd())
            if here not in sys.path:
                sys.path.append(here)
            return importlib.import_module(place)
        name = f"external_{hashlib.sha256(str(Path(place).resolve()).encode()).hexdigest()[:12]}"
        if name not in sys.modules:
            spec = importlib.util.spec_from_file_location(name, place)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module  # before it runs: dataclasses look their module up
            try:
                spec.loader.exec_module(module)
            except BaseException:
                del sys.modules[name]
                raise
        return sys.modules[name]
    except FileNotFoundError:
        raise UserError(f"optimizer.cls={path}: {place}: no such file") from None
    except ImportError as error:
        raise UserError(f"optimizer.cls={path}: {error}") from None
    except Exception as error:  # it is the user's code: anything may be wrong with it
        raise UserError(
            f"optimizer.cls={path}: {place} cannot be imported "
            f"({type(error).__name__}: {in_a_line(error)})"
        ) from None


def code_of(found: type) -> str:
    """Name what a class is made of: `package version`, or a checksum of its file."""
    package = found.__module__.partition(".")[0]
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return hashlib.sha256(Path(inspect.getfile(found)).read_bytes()).hexdigest()[:12]
