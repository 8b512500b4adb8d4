"""Print what the search over open settings found, as Markdown: readings fig1a."""

import sys

from adamrepro.cli.places import CommandLine, add_places
from adamrepro.errors import UserError
from adamrepro.results.readings import nearest
from adamrepro.results.schema import Tables


def main() -> int:
    """Print the table of one experiment; exit status 2 for a mistake of the user's."""
    parser = CommandLine(description=__doc__)
    parser.add_argument("experiment", help="one that was trained with budget=search")
    add_places(parser)
    asked = parser.parse_args()
    try:
        table = nearest(Tables.read(asked.results / "search" / asked.experiment), asked.experiment)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    print("| " + " | ".join(table.columns) + " |")
    print("|" + "---|" * len(table.columns))
    for row in table.itertuples(index=False):
        cells = (f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in row)
        print("| " + " | ".join(cells) + " |")
    return 0
