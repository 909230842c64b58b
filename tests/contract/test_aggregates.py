"""Aggregates are values: a refused change leaves no trace, and the store finds a change by its new object."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from tests.contract.topology import SERVICES

FROZEN = (str, bytes, tuple, frozenset)


def changeable(annotation: Any) -> Iterator[str]:
    """Every type inside this one whose values can change where they are."""
    kind = get_origin(annotation) or annotation
    if isinstance(kind, type):
        if issubclass(kind, Collection | Mapping) and not issubclass(kind, FROZEN):
            yield kind.__name__
        if is_dataclass(kind):
            if not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
                yield kind.__name__
            for hint in get_type_hints(kind).values():
                yield from changeable(hint)
    for inner in get_args(annotation):
        yield from changeable(inner)


def test_what_can_be_changed_where_it_is_would_be_found() -> None:
    assert list(changeable(tuple[list[int], dict[str, str] | None])) == ["list", "dict"]


@pytest.mark.parametrize("name", SERVICES)
def test_no_aggregate_can_be_changed_where_it_is(name: str) -> None:
    stores = importlib.import_module(f"{name}.bootstrap").SERVICE.stores
    assert len(stores) > 1
    assert {store.kind.__name__: found for store in stores if (found := list(changeable(store.kind)))} == {}
