"""No file that is read can run code: what unpickles or evaluates is found, and was reviewed.

Names are followed through imports and aliases, and a function that is only passed on counts as
well: `map(pickle.loads, lines)` is as bad as a call.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
SOURCES = sorted([*(PROJECT / "src").rglob("*.py"), *(PROJECT / "scripts").rglob("*.py")])

SAFE = {"torch.load": ("weights_only", True), "numpy.load": ("allow_pickle", False)}
"""Fine where called with this argument, written out."""

PICKLING = (
    *("pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "jsonpickle"),
)
NEVER = {
    *(f"{module}.{name}" for module in PICKLING for name in ("load", "loads", "Unpickler")),
    *("jsonpickle.decode", "shelve.open", "pandas.read_pickle", "pandas.io.pickle.read_pickle"),
    *("yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.full_load", "yaml.Loader"),
    *("torch.hub.load", "torch.package.PackageImporter", "torch.serialization.load"),
    *("numpy.lib.npyio.NpzFile", "numpy.lib.format.read_array"),
    *("eval", "exec", "builtins.eval", "builtins.exec", "runpy.run_path", "runpy.run_module"),
    *("hydra.utils.instantiate", "hydra.utils.call", "hydra.utils.get_method"),
}
LAST_PARTS = {"pickle_load", "read_pickle", "DelayedSubmission.load"}
"""Whatever module they are had from: submitit's own spellings are among them."""

METHODS = {"recv", "recv_obj", "load_module", "exec_module"}
METHODS_OF_JOBS = {"result", "results", "exception", "exceptions", "submission", "wait"}
"""Of submitit's jobs: they unpickle a file in the folder of the jobs."""

REVIEWED = {
    ("src/adamrepro/data/pickled.py", "pickle.Unpickler"): "its find_class knows three names",
    ("src/adamrepro/execution/processes.py", ".recv"): "of a pipe between a process and its child",
    (
        "src/adamrepro/optim/external.py",
        ".exec_module",
    ): "of the user's own optimizer",
}


def unsafe(source: str) -> list[str]:
    """What would run what is in a file, by its full name; methods with a dot before theirs."""
    tree = ast.parse(source)
    names = imported(tree)
    fine = {id(call.func) for call in ast.walk(tree) if is_safe(call, names)}
    of_jobs = METHODS_OF_JOBS if any("submitit" in name for name in names.values()) else set()
    found = []
    for node in ast.walk(tree):
        name = full_name(node, names)
        last = name.split(".")
        parts = {last[-1], ".".join(last[-2:])}
        if name in NEVER or (name in SAFE and id(node) not in fine) or parts & LAST_PARTS:
            found.append(name)
        elif isinstance(node, ast.Attribute) and node.attr in METHODS | of_jobs:
            found.append(f".{node.attr}")
        elif isinstance(node, ast.ImportFrom) and node.module in PICKLING:
            found += [f"{node.module}.*" for alias in node.names if alias.name == "*"]
    return found


def imported(tree: ast.AST) -> dict[str, str]:
    """What the names of a module stand for."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name if alias.asname else alias.name.partition(".")[0]
                names[alias.asname or whole] = whole
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def full_name(node: ast.AST, names: dict[str, str]) -> str:
    """`np.load` -> numpy.load; "" for what is no name."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        base = full_name(node.value, names)
        return f"{base}.{node.attr}" if base else ""
    return ""


def is_safe(node: ast.AST, names: dict[str, str]) -> bool:
    if not isinstance(node, ast.Call) or full_name(node.func, names) not in SAFE:
        return False
    keyword, value = SAFE[full_name(node.func, names)]
    given = {word.arg: word.value for word in node.keywords}.get(keyword)
    return isinstance(given, ast.Constant) and given.value is value


def uses() -> Iterator[tuple[str, str]]:
    for path in SOURCES:
        for name in unsafe(path.read_text()):
            yield str(path.relative_to(PROJECT)), name


def test_nothing_that_is_read_can_run_code_but_for_what_was_reviewed() -> None:
    assert set(uses()) == set(REVIEWED)


@pytest.mark.parametrize(
    "bad",
    [
        "import torch\ntorch.load(p)",
        "import torch\ntorch.load(p, weights_only=False)",
        "import torch\ntorch.load(p, weights_only=flag)",
        "import torch\nread = torch.load",
        "from torch import load as read\nread(p)",
        "import numpy as np\nnp.load(p)",
        "import numpy as np\nnp.load(p, allow_pickle=True)",
        "import pickle\nmap(pickle.loads, lines)",
        "import pickle as harmless\nharmless.load(f)",
        "from pickle import load\nload(f)",
        "from pickle import *",
        "import pickle\nclass Mine(pickle.Unpickler): ...",
        "import pandas as pd\npd.read_pickle(p)",
        "import joblib\njoblib.load(p)",
        "import dill\ndill.loads(b)",
        "import shelve\nshelve.open(p)",
        "import marshal\nmarshal.load(f)",
        "import yaml\nyaml.load(f, Loader=yaml.Loader)",
        "from submitit.core.utils import pickle_load\npickle_load(p)",
        "from submitit.core import utils\nutils.pickle_load(p)",
        "import submitit\njob.result()",
        "import submitit\n[job.results() for job in jobs]",
        "from submitit.helpers import DelayedSubmission\nDelayedSubmission.load(p)",
        "eval(text)",
        "import builtins\nbuiltins.exec(text)",
    ],
)
def test_the_test_sees_what_it_looks_for(bad: str) -> None:
    assert unsafe(bad)


@pytest.mark.parametrize(
    "good",
    [
        "import torch\ntorch.load(p, weights_only=True)",
        "import numpy as np\nnp.load(p, allow_pickle=False)",
        "import json\njson.load(f)",
        "model.eval()",
        "future.result()",
        "from submitit.helpers import DelayedSubmission\nDelayedSubmission(task)",
    ],
)
def test_the_test_lets_pass_what_is_harmless(good: str) -> None:
    assert unsafe(good) == []
