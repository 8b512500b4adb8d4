"""The command `adamrepro`: one module per command, imported when it is called.

Drawing and judging import no torch, and `adamrepro` without arguments imports nothing.
"""

import sys
from importlib import import_module

import adamrepro
from adamrepro.errors import answered, nearest

COMMANDS = {
    "train": "train one run, or with -m an experiment's grid (settings are KEY=VALUE)",
    "reproduce": "data, training, figures, claims, and the comparison with the published record",
    "bench": "train an optimizer class of yours beside tuned Adam, and say how it stands",
    "status": "which runs are done, and how long the rest will take",
    "theory": "run the small experiments on the algorithm itself",
    "plot": "draw figures from the tables",
    "claims": "judge the paper's claims from the tables",
    "matter": "whether details in which implementations differ matter on the paper's tasks",
    "after-adam": "how later rules stand beside Adam on the paper's tasks, and Adam's best betas",
    "compare": "compare your own runs with the published ones",
    "report": "write the one page that shows it all: claims, figures, runs",
    "readings": "what a search over open settings found",
    "publish": "check your own tables and make them the published ones",
    "fetch-data": "make sure that the data sets are there",
    "sync-wandb": "tell W&B of finished runs",
}


def main() -> int:
    """Run the command that the command line names; returns its exit status."""
    told = sys.argv[1:]
    if not told or told[0] in ("-h", "--help", "--version"):
        with answered():
            print(f"adamrepro {adamrepro.__version__}" if "--version" in told else usage())
        return 0
    name = told[0]
    if name not in COMMANDS:
        print(f"adamrepro {name}: no such command; {nearest(name, COMMANDS)}", file=sys.stderr)
        return 2
    sys.argv = [f"adamrepro {name}", *told[1:]]
    with answered():
        return int(import_module(f"adamrepro.cli.{name.replace('-', '_')}").main() or 0)


def usage() -> str:
    """List the commands."""
    lines = [f"  {name:<11} {what}" for name, what in COMMANDS.items()]
    return "\n".join(["adamrepro COMMAND [--help]    adamrepro --version", "", *lines])
