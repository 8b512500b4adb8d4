"""Tables of the pages in docs/, and the parts of a page that a command writes anew."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """Return a table, in Markdown."""
    lines = [head, ["---"] * len(head), *body]
    cells = ([cell.replace("|", r"\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def between(page: str, begin: str, end: str, text: str) -> str:
    """Return the page with `text` in place of what stands between two marks."""
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}"
