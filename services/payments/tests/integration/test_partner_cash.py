"""Each partner's cash is what all its parcels sum to, and is found without looking at all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import astuple
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from payments.adapters import reads, tables
from payments.domain.cod import CodParcel, cod_parcel_id
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from .conftest import House

TODAY = date(2026, 2, 4)
EVERY_PARCEL = text("""
    SELECT partner_id, count(*) FILTER (WHERE outstanding_vnd > 0), sum(outstanding_vnd)::bigint,
           coalesce(sum(outstanding_vnd) FILTER (WHERE remit_due_date < :today), 0)::bigint,
           count(*) FILTER (WHERE disputed_vnd <> 0), sum(disputed_vnd)::bigint
    FROM cod_parcels GROUP BY 1 ORDER BY 1""")

AMOUNTS = st.sampled_from([0, 1, 50_000, 120_000])
DUE = st.dates(date(2026, 2, 2), date(2026, 2, 6))
STEPS = st.one_of(
    st.tuples(st.just("collect"), AMOUNTS, AMOUNTS, DUE),
    st.tuples(st.just("remit"), AMOUNTS),
    st.tuples(st.just("settle"), AMOUNTS),
)
BOOKS = st.lists(st.tuples(st.sampled_from(["a", "B", "c-1", "đ"]), st.lists(STEPS, max_size=4)), max_size=30)


@pytest.fixture
async def connection(house: House) -> AsyncIterator[AsyncConnection]:
    async with house.served.runtime.engine.connect() as one:
        yield one


def parcel(number: int, partner_id: str, steps: list[tuple[Any, ...]]) -> CodParcel:
    """The cash of a parcel after these steps."""
    made = CodParcel(
        id=cod_parcel_id(partner_id, f"P{number}"),
        version=1,
        trace="",
        parcel_id=f"P{number}",
        order_id="DH1",
        partner_id=partner_id,
    )
    for verb, *arguments in steps:
        made = getattr(made, verb)(*arguments)
    return made


@given(books=BOOKS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_partners_cash_is_what_its_parcels_sum_to(connection: AsyncConnection, books: Any) -> None:
    parcels = [parcel(number, *one) for number, one in enumerate(books)]
    await tables.COD_PARCELS.save(connection, dict.fromkeys(one.id for one in parcels), parcels)
    told = (await reads.totals(connection, TODAY)).partners
    wanted = [tuple(row) for row in await connection.execute(EVERY_PARCEL, {"today": TODAY})]
    await connection.rollback()
    assert [astuple(one) for one in told] == wanted


async def test_settled_parcels_are_not_looked_at(connection: AsyncConnection) -> None:
    await connection.execute(
        text("""
            INSERT INTO cod_parcels (id, version, trace, parcel_id, order_id, partner_id, state, delivered, stated,
                expected_vnd, collected_vnd, remitted_vnd, settled_vnd, outstanding_vnd, disputed_vnd, remit_due_date)
            SELECT n::text, 1, '', n::text, '', 'partner-' || n % 5, 'SETTLED', true, n > 20,
                7, 7, 7, 7, CASE WHEN n <= 20 THEN 7 ELSE 0 END, 0, '2026-02-03'
            FROM generate_series(1, 20000) AS n""")
    )
    await connection.exec_driver_sql("ANALYZE cod_parcels")
    partners = (await reads.totals(connection, TODAY)).partners
    assert [(one.partner_id, one.outstanding_vnd, one.overdue_vnd) for one in partners] == [
        (f"partner-{n}", 28, 28) for n in range(5)
    ]
    plan = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {reads.PARTNERS.text}")
    [explained] = (await connection.execute(plan, {"today": TODAY})).scalar_one()
    assert seen(explained["Plan"]) < 100
    await connection.rollback()


def seen(node: dict[str, Any]) -> float:
    """How many rows of the table a plan has read."""
    own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    below: float = sum(seen(part) for part in node.get("Plans", ()))
    return below + (own if node.get("Relation Name") == "cod_parcels" else 0)
