"""Tell W&B of finished runs, from the tables, and of the figures: what it was told is skipped.

adamrepro sync-wandb fig1a                 into files; `wandb sync` uploads them
WANDB_MODE=online adamrepro sync-wandb     all experiments, at once
"""

from __future__ import annotations

import argparse
import sys

from adamrepro import paths
from adamrepro.cli.places import CommandLine
from adamrepro.errors import UserError, counted
from adamrepro.tracking.export import export
from adamrepro.tracking.session import Session
from adamrepro.tracking.settings import Tracking, folder_of


def main() -> int:
    """Export what the command line asks for; exit status 2 for a mistake, 1 if W&B refuses."""
    parser = CommandLine(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiments", nargs="*", metavar="EXPERIMENT", help="default: all")
    parser.add_budget("quick", "full", "adhoc")
    parser.add_argument("--project", help="default: WANDB_PROJECT, else adamrepro")
    parser.add_places(figures=True)
    asked = parser.of_a_budget()
    try:
        tracking = Tracking(project=asked.project)
        mode = tracking.chosen_mode()
        if mode is None:
            raise UserError("WANDB_MODE=disabled: nothing to do; expected online or offline")
        published = paths.is_published(asked.results)
        folder = folder_of(paths.local("results") if published else asked.results)
        session = Session(tracking.chosen_project(), None, mode, folder)
        count = export(session, asked.results, asked.figures, asked.budget, asked.experiments)
    except UserError:
        raise
    except Exception as error:  # whatever W&B raises
        print(f"W&B: {error}; what it was told counts, the same command goes on", file=sys.stderr)
        return 1
    runs, figures = counted(count.runs, "run"), counted(count.figures, "figure")
    print(f"{mode.value}: {runs}, {figures}; known before: {count.known}")
    print(f"files: {folder}" + ("" if session.online else f"; upload: wandb sync {folder}"))
    return 0
