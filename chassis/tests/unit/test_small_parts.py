"""The envelope of a fact, crash points, health, and what the relay may forget."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from chassis.cloudevents import headers_of
from chassis.dead_letters import dead_topic
from chassis.relay import _arrived
from chassis.wiring import Health

from chassis import crash


def test_a_fact_carries_the_headers_of_cloudevents_in_binary_mode() -> None:
    when = datetime(2026, 2, 4, 13, 5, tzinfo=timezone(timedelta(hours=7)))
    assert dict(headers_of(b"/services/orders", "id-1", "chophien.orders.v1.OrderPlaced", b"o1", when, "00-t")) == {
        "ce_specversion": b"1.0",
        "ce_id": b"id-1",
        "ce_source": b"/services/orders",
        "ce_type": b"chophien.orders.v1.OrderPlaced",
        "ce_subject": b"o1",
        "ce_time": b"2026-02-04T06:05:00Z",
        "content-type": b"application/protobuf",
        "traceparent": b"00-t",
    }
    assert "traceparent" not in dict(headers_of(b"s", "i", "t", b"k", datetime.now(UTC), ""))


def test_the_relay_forgets_per_key_only_up_to_the_first_failure() -> None:
    rows: list[Any] = [SimpleNamespace(seq=seq, topic="t", key=key) for seq, key in enumerate("abcabc")]
    assert _arrived(rows, {}) == [0, 1, 2, 3, 4, 5]
    assert _arrived(rows, {1: OSError()}) == [0, 2, 3, 5]
    assert _arrived(rows, {3: OSError()}) == [0, 1, 2, 4, 5]


def test_an_armed_crash_point_kills_at_once_and_others_do_nothing() -> None:
    with pytest.raises(ValueError, match="no crash point"):
        crash.arm("nowhere")
    visit = "crash.point({!r}); print({!r}, flush=True)".format
    code = f"from chassis import crash; crash.arm('relay.after_send'); {visit('relay.before_send', 'alive')}; "
    code += visit("relay.after_send", "no")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (-9, b"alive\n")


def test_health_remembers_what_fails_until_it_works() -> None:
    health = Health()
    health.failing("database", "no connection")
    assert health.problems() == {"database": "no connection"}
    health.ok("database")
    assert health.problems() == {}
    assert health.seconds_since_ok("database") < 1
    assert health.seconds_since_ok("relay") == float("inf")


def test_dead_topics_are_named_after_topic_and_group() -> None:
    assert dead_topic("chophien.orders.v1.OrderEvent", "shipping") == "chophien.orders.v1.OrderEvent.shipping.dead"
