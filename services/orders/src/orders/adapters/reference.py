"""Loads the reference data that ships with the package."""

from __future__ import annotations

import csv
from pathlib import Path

from orders.domain.communes import Communes

COMMUNES = Path(__file__).parents[1] / "reference" / "communes.csv"


def load_communes() -> Communes:
    """Every commune code with its dates."""
    with COMMUNES.open(encoding="utf-8", newline="") as file:
        return Communes((row["code"], row["valid_from"], row["valid_to"]) for row in csv.DictReader(file))
