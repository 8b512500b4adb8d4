"""Print what the search over open settings found, as Markdown: readings fig1a."""

from adamrepro.cli.places import CommandLine
from adamrepro.results import markdown
from adamrepro.results.layout import SEARCH
from adamrepro.results.readings import nearest_runs
from adamrepro.results.schema import Tables


def main() -> None:
    """Print the table of one experiment."""
    parser = CommandLine(description=__doc__)
    parser.add_argument("experiment", help="one that was trained with budget=search")
    parser.add_places()
    asked = parser.parse_args()
    table = nearest_runs(Tables.read(asked.results / SEARCH / asked.experiment), asked.experiment)
    body = (
        [f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in row]
        for row in table.itertuples(index=False)
    )
    print(markdown.table(list(table.columns), body), end="")
