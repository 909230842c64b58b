"""Only outages are waited for, only data is to blame; and no explanation quotes a row."""

from __future__ import annotations

from typing import Any

import grpc
import grpc.aio
import pytest
from aiokafka.errors import KafkaConnectionError
from chassis.outages import Backoff, explain, is_outage, is_repeatable
from chassis.store import Conflict
from counters.domain import Unlucky
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class DriverError(Exception):
    def __init__(self, state: str | None) -> None:
        super().__init__("DETAIL: Failing row contains (Lò Thị May, 0912345678).")
        self.sqlstate = state


def database_error(state: str | None, **arguments: Any) -> DBAPIError:
    return DBAPIError("INSERT", (), DriverError(state), **arguments)


@pytest.mark.parametrize(
    "state", ["40001", "40P01", "53100", "53300", "57P01", "57P03", "08006", "58030", "25006", "42P01"]
)
def test_these_states_are_outages(state: str) -> None:
    assert is_outage(database_error(state))


@pytest.mark.parametrize("state", ["23505", "23514", "22021", "22003", "57014", "XX000", None])
def test_these_states_are_somebodys_data(state: str | None) -> None:
    assert not is_outage(database_error(state))


def test_lost_connections_and_brokers_are_outages_and_bugs_are_not() -> None:
    outages = [OSError(), TimeoutError(), ConnectionRefusedError(), KafkaConnectionError(), PoolTimeout(), Conflict()]
    assert all(map(is_outage, outages))
    assert is_outage(database_error(None, connection_invalidated=True))
    assert is_outage(DriverError("57P03"))  # asyncpg's own, while connecting
    assert not any(map(is_outage, [ValueError(), KeyError(), Unlucky()]))


@pytest.mark.parametrize(
    ("code", "passes"), [("UNAVAILABLE", True), ("DEADLINE_EXCEEDED", True), ("INVALID_ARGUMENT", False)]
)
def test_a_peer_that_cannot_answer_now_is_an_outage(code: str, passes: bool) -> None:
    nothing = grpc.aio.Metadata()
    assert is_outage(grpc.aio.AioRpcError(grpc.StatusCode[code], nothing, nothing)) is passes


def test_only_collisions_are_repeated_at_once() -> None:
    assert all(map(is_repeatable, [Conflict(), database_error("40001"), database_error("40P01")]))
    assert not any(map(is_repeatable, [database_error("57P01"), OSError()]))


def test_explanations_name_the_place_and_never_quote_a_row() -> None:
    assert explain(database_error("23514")) == "SQLSTATE 23514"
    assert "May" not in explain(database_error(None))
    assert explain(Unlucky(counter_id="c1")) == "UNLUCKY counter_id=c1"
    try:
        raise ValueError("Lò Thị May")
    except ValueError as error:
        assert explain(error).startswith("ValueError at test_outages.py:")


def test_pauses_grow_with_jitter_up_to_the_longest() -> None:
    backoff = Backoff(1.0, 4.0)
    for longest in (1.0, 2.0, 4.0, 4.0):
        assert longest / 2 <= backoff.pause() <= longest
    backoff.reset()
    assert backoff.pause() <= 1.0
