"""Keeps aggregates in PostgreSQL, many at once: one statement to load, one to insert, one to update a table's rows."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from operator import attrgetter, is_not
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Double, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import sql
from chassis.kernel import Aggregate

A = TypeVar("A", bound=Aggregate)
Convert = Callable[[Any], Any]


class Conflict(Exception):
    """Somebody else changed or made these aggregates since they were loaded; load again and repeat."""


def aggregate_columns() -> list[Column[Any]]:
    """The columns every aggregate's table starts with."""
    return [
        Column("id", Text, primary_key=True),
        Column("version", BigInteger, nullable=False),
        Column("trace", Text, nullable=False),
    ]


PLAIN: Mapping[type, tuple[str, type]] = {
    str: ("text", Text),
    bool: ("boolean", Boolean),
    int: ("bigint", BigInteger),
    float: ("double precision", Double),
    datetime: ("timestamptz", DateTime),
    date: ("date", Date),
    bytes: ("bytea", LargeBinary),
}
"""Python type -> the array element type its column is sent as, and the column type it must have."""


class _Field:
    """How one field of an aggregate becomes a column's value and back; None on both sides if there is nothing to do."""

    def __init__(self, name: str, annotation: Any, column: Column[Any]) -> None:
        self.name = name
        inner, optional = _strip(annotation)
        self.optional = optional
        self.sql_type, expected = PLAIN.get(inner, ("text", JSONB))
        self.is_json = expected is JSONB
        self.encode: Convert | None = None
        self.decode: Convert | None = None
        if isinstance(inner, type) and issubclass(inner, StrEnum):
            self.sql_type, expected, self.is_json = "text", Text, False
            self.encode, self.decode = _text, inner
        elif self.is_json:
            encoder, decoder = msgspec.json.Encoder(), msgspec.json.Decoder(inner)
            self.encode, self.decode = lambda value: encoder.encode(value).decode(), decoder.decode
        if not isinstance(column.type, expected):
            raise TypeError(f"column {column} is {column.type!r}; field {name}: {annotation} needs {expected.__name__}")
        if isinstance(column.type, DateTime) and not column.type.timezone:
            raise TypeError(f"column {column} must be DateTime(timezone=True)")
        if bool(column.nullable) != optional:
            raise TypeError(f"column {column}: nullable must be {optional}, as field {name} says")

    def encoded(self, values: Sequence[Any]) -> list[Any]:
        """A column of the unnest: every value as its driver wants it."""
        encode = self.encode
        if encode is None:
            return list(values)
        if self.optional:
            return [None if value is None else encode(value) for value in values]
        return [encode(value) for value in values]


def _text(value: StrEnum) -> str:
    return value.value


def _strip(annotation: Any) -> tuple[Any, bool]:
    """The type without `| None` and NewType, and whether None is allowed."""
    optional = False
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [option for option in get_args(annotation) if option is not type(None)]
        optional = len(inner) < len(get_args(annotation))
        annotation = inner[0] if len(inner) == 1 else Union[tuple(inner)]  # noqa: UP007 - built at run time
    while hasattr(annotation, "__supertype__"):
        annotation = annotation.__supertype__
    return annotation, optional


class AggregateStore(Generic[A]):
    """One kind of aggregate in one table, whose columns are named as the fields of the dataclass."""

    def __init__(self, kind: type[A], table: Table) -> None:
        """Raises TypeError if table and dataclass do not fit."""
        self.kind = kind
        self.table = table
        hints = get_type_hints(kind)
        names = [field.name for field in fields(kind)]
        stored = {column.name for column in table.columns if column.computed is None}
        if stored != set(names):
            raise TypeError(f"{kind.__name__} and table {table.name} differ in {sorted(stored ^ set(names))}")
        self._fields = [_Field(name, hints[name], table.columns[name]) for name in names]
        self._read = attrgetter(*names)
        self._names = names
        self._decoders = [(i, f.decode) for i, f in enumerate(self._fields) if f.decode is not None]
        self._selects = {lock: self._select(lock) for lock in (True, False)}
        self._insert_sql, self._update_sql = self._insert(), cache(self._update)

    def _select(self, lock: bool) -> str:
        columns = ", ".join(f'"{f.name}"::text' if f.is_json else f'"{f.name}"' for f in self._fields)
        # The sort is below the row locks in the plan, so every transaction locks in the same order.
        tail = " ORDER BY id FOR UPDATE" if lock else ""
        return f'SELECT {columns} FROM "{self.table.name}" WHERE id = ANY($1::text[]){tail}'

    def _insert(self) -> str:
        names = ", ".join(f'"{f.name}"' for f in self._fields)
        values = ", ".join(f'r."{f.name}"::jsonb' if f.is_json else f'r."{f.name}"' for f in self._fields)
        rows = _rows((f.name, f.sql_type) for f in self._fields)
        return (
            f'INSERT INTO "{self.table.name}" ({names}) SELECT {values} FROM {rows} '
            f"ON CONFLICT (id) DO NOTHING RETURNING id"
        )

    def _update(self, columns: tuple[_Field, ...]) -> str:
        sent = [*((f.name, f.sql_type) for f in columns), ("id", "text"), ("version_before", "bigint")]
        sets = ", ".join(f'"{f.name}" = r."{f.name}"' + ("::jsonb" if f.is_json else "") for f in columns)
        return (
            f'UPDATE "{self.table.name}" AS t SET {sets} FROM {_rows(sent)} '
            f"WHERE t.id = r.id AND t.version = r.version_before RETURNING t.id"
        )

    async def load(self, connection: AsyncConnection, ids: Iterable[str], lock: bool) -> list[A]:
        """The aggregates that exist, in one statement; with `lock` their rows are locked in the order of their ids."""
        return [self._made(row) for row in await sql.fetch(connection, self._selects[lock], list(ids))]

    def _made(self, row: Sequence[Any]) -> A:
        values = list(row)
        for index, decode in self._decoders:
            if values[index] is not None:
                values[index] = decode(values[index])
        return self.kind(**dict(zip(self._names, values, strict=True)))

    async def save(self, connection: AsyncConnection, before: Mapping[str, A | None], aggregates: Sequence[A]) -> None:
        """Write new ones (None before) and changed ones; raises Conflict if any row was not as it was loaded."""
        new = sorted((a for a in aggregates if before[a.id] is None), key=_id)
        changed = [(a, loaded) for a in aggregates if (loaded := before[a.id]) is not None]
        # Changed ones first: a row may let go of what a unique index then grants to a new one.
        if changed:
            await self._change(connection, *zip(*changed, strict=True))
        if new:
            columns = (f.encoded(values) for f, values in zip(self._fields, self._turned(new), strict=True))
            await self._write(connection, self._insert_sql, new, columns)

    async def _change(self, connection: AsyncConnection, aggregates: Sequence[A], loaded: Sequence[A]) -> None:
        """Only columns in which some aggregate is not what it was are sent; most steps touch a few of many."""
        columns, values = [], []
        for column, now, was in zip(self._fields, self._turned(aggregates), self._turned(loaded), strict=True):
            if column.name != "id" and any(map(is_not, now, was)):
                columns.append(column)
                values.append(column.encoded(now))
        ids, versions = [a.id for a in aggregates], [a.version for a in loaded]
        await self._write(connection, self._update_sql(tuple(columns)), aggregates, (*values, ids, versions))

    def _turned(self, aggregates: Sequence[A]) -> Iterable[Sequence[Any]]:
        """The values of each field."""
        return zip(*map(self._read, aggregates), strict=True)

    async def _write(
        self, connection: AsyncConnection, statement: str, aggregates: Sequence[A], columns: Iterable[list[Any]]
    ) -> None:
        # The ids are compared because a driver's row count may be unknown (-1), and then conflicts would pass unseen.
        written = {row[0] for row in await sql.fetch(connection, statement, *columns)}
        if len(written) != len(aggregates):
            missed = sorted(a.id for a in aggregates if a.id not in written)
            raise Conflict(f"{self.kind.__name__} {', '.join(missed)}")


def _rows(columns: Iterable[tuple[str, str]]) -> str:
    """The arrays of a statement, $1 …, as rows r; columns by name and type."""
    names, sql_types = zip(*columns, strict=True)
    arrays = ", ".join(f"${i}::{sql_type}[]" for i, sql_type in enumerate(sql_types, start=1))
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"unnest({arrays}) AS r({quoted})"


def columns_of(rows: Iterable[Sequence[Any]]) -> tuple[list[Any], ...]:
    """Rows turned into the arrays of an unnest."""
    turned: list[list[Any]] = list(map(list, zip(*rows, strict=True)))
    return tuple(turned)


def _id(aggregate: Aggregate) -> str:
    return aggregate.id
