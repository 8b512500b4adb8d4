"""The one page that shows a reproduction, a function of tables: no network, no torch."""

from adamrepro.report.page import page
from adamrepro.report.sources import Sources

__all__ = ["Sources", "page"]
