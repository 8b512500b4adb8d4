"""Make sure that the data sets are there, and say where each comes from.

    adamrepro fetch-data [--data DIR] [--stand-in] [mnist] [imdb] [cifar10]

What is missing under DIR is downloaded; what is slow to read is cached next to it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from adamrepro import paths
from adamrepro.cli.places import CommandLine
from adamrepro.data import DATASETS, load_dataset
from adamrepro.data.bars import shown
from adamrepro.errors import UserError, nearest


def main() -> int:
    """Load each data set once; 2 if one can neither be found, fetched nor stood in for."""
    parser = CommandLine(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="name", help=f"{', '.join(DATASETS)}; all")
    parser.add_argument(
        "--data",
        type=Path,
        default=paths.data(),
        metavar="DIR",
        help="the folder to look in; default: $ADAMREPRO_DATA, else data",
    )
    parser.add_argument(
        "--stand-in", action="store_true", help="accept a stand-in for what cannot be had"
    )
    arguments = parser.parse_args()
    status = 0
    for name in arguments.names or DATASETS:
        try:
            if name not in DATASETS:
                raise UserError(f"{name}: no such data set; {nearest(name, DATASETS)}")
            with shown() as counter:
                data = load_dataset(
                    DATASETS[name](),
                    root=arguments.data,
                    download=True,
                    stand_in=arguments.stand_in,
                    counter=counter,
                )
        except UserError as error:
            print(error, file=sys.stderr)
            status = 2
        else:
            counts = f"{len(data.train):,} + {len(data.test):,} examples"
            print(f"{name}: {data.source}, {counts}, sha256 {data.sha256[:12]}", flush=True)
    return status
