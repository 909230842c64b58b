"""Tables of plain columns; in a narrow terminal a cell folds, so that no half of a code or port is lost."""

from __future__ import annotations

from rich.table import Table


def plain(*columns: str, show_header: bool = True) -> Table:
    """A table without lines."""
    table = Table(box=None, show_header=show_header)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
