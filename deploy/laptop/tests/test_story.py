"""The story of a code is one timeline out of the answers of three services, spoken to over the real wire."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from chophien.common.v1 import common_pb2 as common
from chophien.orders.v1 import orders_service_pb2 as orders
from chophien.payments.v1 import payments_service_pb2 as payments
from chophien.shipping.v1 import shipping_service_pb2 as shipping
from laptop import StackError
from laptop.layout import Layout
from laptop.story import code_in, tell
from rich.console import Console

LIVESTREAM_TIME = 1770184800  # Wed 4 Feb 2026, 13:00 in Lai Châu
ORDER, BATCH, TRACE = "01J00000000000000001", "batch-1", "ab" * 16
CHANNEL_ORDER = "TikTok/578 á"


def _history(*events: tuple[int, str]) -> list[common.HistoryEntry]:
    entries = [common.HistoryEntry(kind=kind, detail="[detail]") for _, kind in events]
    for entry, (seconds, _) in zip(entries, events, strict=True):
        entry.time.FromSeconds(LIVESTREAM_TIME + seconds)
    return entries


def _answers() -> dict[str, Any]:
    order = orders.GetOrderResponse(trace_id=TRACE, history=_history((10, "OrderPlaced"), (30, "OrderConfirmed")))
    order.order.order_id, order.order.total_vnd = ORDER, 250_000
    order.order.state = orders.ORDER_STATE_CONFIRMED
    order.parts.add().part.part_id = f"{ORDER}-1"
    payment = payments.GetPaymentResponse(order_id=ORDER, due_vnd=250_000, history=_history((20, "PaymentAuthorized")))
    parcel = shipping.GetParcelResponse(trace_id=TRACE, history=_history((40, "ParcelCreated"), (60, "ParcelPickedUp")))
    parcel.parcel.batch_id = BATCH
    batch = shipping.GetBatchResponse(history=_history((50, "BatchAccepted")))
    batch.batch.parcels_planned, batch.batch.parcels_picked = 90, 87
    orders_found = orders.ListOrdersResponse(orders=[order.order])
    why = shipping.ExplainParcelResponse(text="It rides today.", code="MUST_GO")
    return {
        "orders.GetOrder": (orders.GetOrderRequest, order),
        "orders.ListOrders": (orders.ListOrdersRequest, orders_found),
        "payments.GetPayment": (payments.GetPaymentRequest, payment),
        "shipping.GetParcel": (shipping.GetParcelRequest, parcel),
        "shipping.GetBatch": (shipping.GetBatchRequest, batch),
        "shipping.ExplainParcel": (shipping.ExplainParcelRequest, why),
    }


class _Answering(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Answers each question about the one order, parcel and batch that it knows; needs a credential."""

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        _, name, method = call.method.split("/")
        request_type, answer = _answers()[f"{name.split('.')[1]}.{method}"]

        def reply(request: Any, context: grpc.ServicerContext) -> Any:
            if "authorization" not in dict(context.invocation_metadata()):
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you?")
            [(_, code)] = [(f.name, value) for f, value in request.ListFields()]
            if method == "ListOrders":
                return answer if code == CHANNEL_ORDER else type(answer)()
            if code not in (ORDER, f"{ORDER}-1", BATCH):
                context.abort(grpc.StatusCode.NOT_FOUND, "no such thing")
            if method == "GetOrder" and code == BATCH:
                context.abort(grpc.StatusCode.NOT_FOUND, "no such order")
            return answer

        return grpc.unary_unary_rpc_method_handler(
            reply, request_deserializer=request_type.FromString, response_serializer=type(answer).SerializeToString
        )


@pytest.fixture
def layout(tmp_path: Path) -> Iterator[Layout]:
    layout = Layout(tmp_path, ["zipkin", "services"], False, 1.0, {}).load()
    server = grpc.server(ThreadPoolExecutor(2), handlers=[_Answering()])
    for service in ("orders", "shipping", "payments"):
        server.add_insecure_port(layout.target(service))
    server.start()
    yield layout
    server.stop(None).wait()


def _told(layout: Layout, code: str) -> str:
    out = io.StringIO()
    tell(layout, code, Console(file=out, width=160))
    return out.getvalue()


@pytest.mark.parametrize("code", [ORDER, f"{ORDER}-1"])
def test_an_order_and_its_parcel_tell_one_timeline_with_its_trace(layout: Layout, code: str) -> None:
    told = _told(layout, code)
    kinds = ["OrderPlaced", "PaymentAuthorized", "OrderConfirmed", "ParcelCreated", "BatchAccepted", "ParcelPickedUp"]
    assert [told.index(kind) for kind in kinds] == sorted(told.index(kind) for kind in kinds)
    for wanted in ("250.000 ₫", "87 of 90 picked", "It rides today. [MUST_GO]", "Wed 04 Feb 2026 13:00:10", "[detail]"):
        assert wanted in told
    assert told.count(layout.trace_url(TRACE)) == 1


def test_a_part_that_an_order_does_not_have_is_said_to_be_none(layout: Layout) -> None:
    told = _told(layout, f"{ORDER}-9")
    assert "OrderPlaced" in told
    assert "ParcelCreated" not in told
    [line] = [line for line in told.splitlines() if f"{ORDER}-9" in line]
    assert line.rstrip().endswith("no such part; the order has 1 part(s)")


def test_an_order_is_found_by_the_id_its_channel_gave_it(layout: Layout) -> None:
    assert _told(layout, f" {CHANNEL_ORDER}\n") == _told(layout, ORDER)


def test_a_batch_tells_its_own_story(layout: Layout) -> None:
    told = _told(layout, BATCH)
    assert "BatchAccepted" in told
    assert "OrderPlaced" not in told


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DH26020400AB12CD34EF", "DH26020400AB12CD34EF"),
        (" dh26020400ab12cd34ef-2\n", "DH26020400AB12CD34EF-2"),
        ("MBVCB.7.DH26020400AB12CD34EF.CT tu Lò A Páo", "DH26020400AB12CD34EF"),
        ("CK DH260204 00AB12CD34EF cam on", "DH26020400AB12CD34EF"),
        ("DH26020400AB12CD34EF-12345678", "DH26020400AB12CD34EF"),
        ("run pb260204-qzndbx9t", "PB260204-QZNDBX9T"),
        ("01J0-other", "01J0-other"),
    ],
)
def test_a_code_is_found_in_what_people_paste(text: str, code: str) -> None:
    assert code_in(text) == code


def test_an_unknown_code_is_said_to_be_unknown(layout: Layout) -> None:
    for rubbish in ("nothing", "ñ", "two words", "x" * 65):
        with pytest.raises(StackError, match=f"no order, parcel or batch has the code {rubbish}"):
            _told(layout, rubbish)
    with pytest.raises(StackError, match="CODE= is empty"):
        _told(layout, "  ")


def test_a_service_that_is_down_does_not_hide_the_rest(layout: Layout) -> None:
    layout.ports["payments.serve"] = layout.ports["catalog.tick"]
    told = _told(layout, ORDER)
    assert "payments does not answer GetPayment: UNAVAILABLE" in told
    assert "ParcelPickedUp" in told
