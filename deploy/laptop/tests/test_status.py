"""What waits for somebody is counted, with the first codes: sagas, parcels on hold, runs that nobody took."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from chophien.orders.v1 import orders_service_pb2 as orders
from chophien.shipping.v1 import shipping_service_pb2 as shipping
from laptop import StackError
from laptop.layout import Layout
from laptop.status import show_waiting
from rich.console import Console

ON_HOLD = "\n".join(f"DH{number}-1|SELLER_ABSENT" for number in range(12))


class _Answering(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Lists what it was given, if the question is the one expected."""

    def __init__(self, overdue: int, open_batches: int) -> None:
        listed = orders.ListOrdersResponse(orders=[{"order_id": f"DH{number}"} for number in range(overdue)])
        runs = [{"batch_id": f"PB{number}", "leave_time": {"seconds": 0}} for number in range(open_batches)]
        self.answers: dict[str, tuple[Any, Any]] = {
            "ListOrders": (orders.ListOrdersRequest(overdue_only=True, page_size=200), listed),
            "ListBatches": (
                shipping.ListBatchesRequest(state=shipping.BATCH_STATE_OPEN, page_size=200),
                shipping.ListBatchesResponse(batches=runs, next_page_token="more" if open_batches > 1 else ""),
            ),
        }

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        expected, answer = self.answers[call.method.rpartition("/")[2]]

        def reply(request: Any, context: grpc.ServicerContext) -> Any:
            assert request == expected
            return answer

        return grpc.unary_unary_rpc_method_handler(
            reply, request_deserializer=type(expected).FromString, response_serializer=type(answer).SerializeToString
        )


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Any]:
    """Shows what waits, where these are found; answers whether nothing does, and what was printed."""
    layout, servers = Layout(tmp_path, ["services"], False, 1.0, {}).load(), []

    def asked(overdue: int = 0, open_batches: int = 0, on_hold: str = "") -> tuple[bool, list[str]]:
        servers.append(grpc.server(ThreadPoolExecutor(2), handlers=[_Answering(overdue, open_batches)]))
        for service in ("orders", "shipping"):
            servers[-1].add_insecure_port(layout.target(service))
        servers[-1].start()
        layout.postgres = SimpleNamespace(sql=lambda _sql, _database: on_hold)  # type: ignore[assignment]
        out = io.StringIO()
        well = show_waiting(layout, Console(file=out, width=160))
        return well, out.getvalue().splitlines()

    yield asked
    for server in servers:
        server.stop(None).wait()


def test_where_nothing_waits_all_is_well(ask: Any) -> None:
    assert ask() == (True, ["stuck sagas: 0", "parcels on hold: 0", "runs nobody took: 0"])


def test_parcels_on_hold_want_a_look_and_the_first_are_named(ask: Any) -> None:
    well, lines = ask(on_hold=ON_HOLD)
    assert (well, lines[1], len(lines)) == (False, "parcels on hold: 12", 3 + 10)
    assert lines[2] == "  DH0-1 was missed too often, last for SELLER_ABSENT"


def test_runs_that_nobody_took_want_a_look(ask: Any) -> None:
    well, lines = ask(open_batches=2)
    assert (well, lines[-3]) == (False, "runs nobody took: 2 or more")
    assert lines[-2] == "  PB0 should leave at 1970-01-01T00:00:00Z"


def test_an_answer_that_fails_is_told_and_hides_no_other(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise StackError("orders does not answer")

    monkeypatch.setattr("laptop.status.ask", fails)
    well, lines = ask(on_hold=ON_HOLD)
    assert (well, lines[0], lines[1]) == (False, "stuck sagas: orders does not answer", "parcels on hold: 12")
