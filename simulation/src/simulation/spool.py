"""JSON lines on disk: what an actor saw, and the world in which actors meet (a gate, a door, a banking app)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Spool:
    """One file of JSON lines, written by one process and read by others as it grows."""

    def __init__(self, path: Path) -> None:
        """Read from the beginning; the file is made by the first write."""
        self.path = path
        self._read_to = 0

    def write(self, entry: Mapping[str, Any]) -> None:
        """Append one line; it is on disk's way when this returns, so that a reader in the next turn sees it."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def fresh(self) -> list[dict[str, Any]]:
        """Whole lines that came since the last look."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(self._read_to)
            data = file.read()
        data = data[: data.rfind(b"\n") + 1]
        self._read_to += len(data)
        return [json.loads(line) for line in data.splitlines()]
