"""Between the contracts and our words: what is refused, and that nothing is lost on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest
from catalog.app import commands
from catalog.domain import events
from catalog.domain.errors import OperatorOnly
from catalog.domain.events import Refusal, SellerKind, StockRefused, StockReserved
from catalog.domain.goods import Handling, Line
from catalog.domain.holds import HoldState, StockHold
from catalog.settings import HOLD_MINUTES, read_settings
from catalog.wire import facts, requests, words
from catalog.wire.heard import order_event_commands
from chassis.access import Caller
from chassis.kernel import DomainError, Invalid
from chassis.settings import SettingsError
from chophien.catalog.v1 import catalog_service_pb2 as pb
from chophien.catalog.v1 import stock_event_pb2
from chophien.common.v1 import common_pb2
from chophien.orders.v1 import order_event_pb2

from .given import NOW, confirm, does, line, place, register, shop

OPERATOR = Caller(identity="operator", role="operator")
SELLER = Caller(identity="seller-1", role="seller", seller_id="seller-1")


def registration(**changes: Any) -> pb.RegisterSellerRequest:
    block = register().public_block
    stated: dict[str, Any] = {
        "request_id": "r1",
        "legal_name": block.legal_name,
        "kind": 1,
        "home": common_pb2.Place(commune_code="03390"),
        "tax_id": block.tax_id,
        "public_phone": "0912 345 678",
        "return_policy": block.return_policy,
        "complaint_policy": block.complaint_policy,
        "pickup_point": words.pickup_point_to(register().pickup_point),
    }
    return pb.RegisterSellerRequest(**(stated | changes))


def publication(**changes: Any) -> pb.PublishProductRequest:
    stated: dict[str, Any] = {"seller_id": "seller-1", "name": "Miến dong", "list_price_vnd": 60_000}
    return pb.PublishProductRequest(**(stated | changes))


def test_a_registration_becomes_a_command_with_an_international_phone_number() -> None:
    command = requests.register_seller(registration(), SELLER)
    assert (command.seller_id, command.acting_seller_id) == ("seller-1", "seller-1")
    assert command.public_block.public_phone == "+84912345678"
    assert command.pickup_point == register().pickup_point
    assert len(requests.register_seller(registration(), OPERATOR).seller_id) == 26


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("kind", {"kind": 0}),
        ("kind", {"kind": 77}),
        ("home.commune_code", {"home": common_pb2.Place()}),
        ("home.as_of_date", {"home": common_pb2.Place(commune_code="03390", as_of_date="4/2/2026")}),
        ("legal_name", {"legal_name": " "}),
        ("legal_name", {"legal_name": "x" * 201}),
        ("legal_name", {"legal_name": "a\x00b"}),
        ("tax_id", {"tax_id": ""}),
        ("tax_id", {"kind": 2, "tax_id": " "}),
        ("registration_number", {"kind": 3}),
        ("registration_number", {"kind": 4, "registration_number": " "}),
        ("public_phone", {"public_phone": "12"}),
        ("seller_id", {"seller_id": "a b"}),
        ("pickup_point.location", {"pickup_point": {"pickup_point_id": "pp"}}),
    ],
)
def test_a_registration_without_what_is_needed_is_refused(field: str, changes: dict[str, Any]) -> None:
    """R01, R04: no kind, no commune, no whole public block, no seller."""
    with pytest.raises(Invalid) as refused:
        requests.register_seller(registration(**changes), OPERATOR)
    assert refused.value.details["field"] == field


@pytest.mark.parametrize("kind", SellerKind)
def test_every_kind_of_trader_can_give_a_whole_public_block(kind: SellerKind) -> None:
    """Households and individuals need not have a business registration; everybody has a tax id."""
    papers = {} if kind in (SellerKind.HOUSEHOLD, SellerKind.INDIVIDUAL) else {"registration_number": "620123000001"}
    stated = registration(kind=f"SELLER_KIND_{kind}", **papers)
    assert requests.register_seller(stated, OPERATOR).public_block.kind is kind


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("list_price_vnd", {"list_price_vnd": 0}),
        ("ocop.stars", {"ocop": {"stars": 2, "group": 1, "issue_date": "2024-01-01"}}),
        ("ocop.issue_date", {"ocop": {"stars": 3, "group": 1, "issue_date": ""}}),
        ("size.weight_g", {"size": {"weight_g": -1}}),
        ("handling", {"handling": [99]}),
    ],
)
def test_a_publication_out_of_bounds_is_refused(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        requests.publish_product(publication(**changes), OPERATOR)
    assert refused.value.details["field"] == field


def test_names_are_kept_with_their_marks_as_nfc() -> None:
    """R137."""
    decomposed = "Cu\u031b M'gar"
    assert requests.publish_product(publication(name=decomposed), OPERATOR).description.name == "C\u01b0 M'gar"


def test_handling_is_a_set() -> None:
    command = requests.publish_product(publication(handling=[1, 4, 1, 0]), OPERATOR)
    assert command.description.handling == (Handling.FRAGILE, Handling.DRY_FOOD)


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (pb.EndLivestreamRequest(session_id="s", reason="BORED"), Invalid),
        (pb.EndLivestreamRequest(session_id="s", reason="STOPPED_BY_AUTHORITY", authority_reference="1"), OperatorOnly),
        (pb.EndLivestreamRequest(session_id="s", reason="FINISHED", authority_reference="1"), Invalid),
    ],
)
def test_only_operators_stop_a_session_for_an_authority(
    request_: pb.EndLivestreamRequest, error: type[DomainError]
) -> None:
    with pytest.raises(error):
        requests.end_livestream(request_, SELLER)


def test_pages_and_baskets_are_bounded() -> None:
    with pytest.raises(Invalid):
        requests.product_filter(pb.ListProductsRequest(page_size=201))
    with pytest.raises(Invalid):
        requests.product_filter(pb.ListProductsRequest(page_token="%"))
    token = requests.page_token("noodles")
    assert requests.product_filter(pb.ListProductsRequest(page_token=token)).after_product_id == "noodles"
    for lines in ([], [common_pb2.Line(product_id="p", quantity=1)] * 51, [common_pb2.Line(product_id="p")]):
        with pytest.raises(Invalid):
            requests.basket(pb.QuoteBasketRequest(lines=lines))


def test_order_facts_become_commands() -> None:
    hears = order_event_commands(timedelta(hours=3))
    event = order_event_pb2.OrderEvent(order_id="o1")
    part = event.order_placed.parts.add(part_id="o1-1", seller_ids=["s1", "s2"])
    part.lines.append(words.line_to(line(2)))
    event.order_placed.parts.add(part_id="o1-2", seller_ids=["s1"])
    event.order_placed.place_time.FromDatetime(NOW)
    reserve = hears["order_placed"](event)
    assert isinstance(reserve, commands.ReserveStock)
    assert (reserve.place_time, reserve.expire_time) == (NOW, NOW + timedelta(hours=3))
    assert [(held.part_id, held.line) for held in reserve.lines] == [("o1-1", line(2))]
    assert reserve.seller_ids == ("s1", "s2")
    event.order_cancelled.open_part_ids.append("o1-1")
    assert hears["order_cancelled"](event) == commands.ReleaseStock(order_id="o1", open_part_ids=frozenset({"o1-1"}))


def test_a_fact_with_no_pieces_in_a_line_is_broken() -> None:
    event = order_event_pb2.OrderEvent(order_id="o1")
    event.order_placed.parts.add(part_id="o1-1").lines.add(product_id="noodles")
    with pytest.raises(Invalid):
        order_event_commands(timedelta(hours=3))["order_placed"](event)


@pytest.mark.parametrize(("order_id", "part_id"), [("o1", "o2-1"), ("o1", ""), ("o1-1", "o1-1-1")])
def test_an_order_speaks_for_its_own_parts(order_id: str, part_id: str) -> None:
    """What a release owes is kept under the order's id or the part's; two must never be the same."""
    event = order_event_pb2.OrderEvent(order_id=order_id)
    event.order_part_cancelled.part_id = part_id
    with pytest.raises(Invalid):
        order_event_commands(timedelta(hours=3))["order_part_cancelled"](event)


def test_a_confirmation_of_other_goods_than_are_held_is_refused() -> None:
    memory = shop(10)
    does(memory, place("o1", line(2)))
    with pytest.raises(Invalid):
        does(memory, confirm("o1", line(2, "tea")))
    assert memory.get(StockHold, "o1").state is HoldState.HELD


def test_a_certificate_of_the_end_of_time_is_refused() -> None:
    """Nobody could compute when it ends, and no page with the product could be shown any more."""
    request = pb.PublishProductRequest(
        seller_id="seller-1",
        name="Miến dong",
        list_price_vnd=1,
        ocop={"stars": 3, "group": 1, "issue_date": "9999-12-31"},
    )
    with pytest.raises(Invalid):
        requests.publish_product(request, OPERATOR)


def test_every_fact_of_a_days_selling_can_be_said() -> None:
    for said in shop(10, 5).said:
        record = facts.encode(said.fact, said.version)
        assert record.type.startswith("chophien.catalog.v1.") and record.key == said.aggregate_id
    said_at_all = {one for one in vars(events).values() if getattr(one, "__module__", "") == events.__name__}
    assert set(facts._ENCODERS) == {one for one in said_at_all if not issubclass(one, StrEnum)}


def test_stock_facts_keep_lines_times_and_reasons() -> None:
    until = datetime(2026, 2, 4, 9, tzinfo=UTC)
    record = facts.encode(StockReserved("o1", (Line("p", 2, 5, "s"),), until), 3)
    event = stock_event_pb2.StockEvent.FromString(record.payload)
    assert (record.topic, record.key, event.version) == ("chophien.catalog.v1.StockEvent", "o1", 3)
    assert words.line_from(event.stock_reserved.lines[0]) == Line("p", 2, 5, "s")
    assert event.stock_reserved.expire_time.ToDatetime(UTC) == until
    for refusal in Refusal:
        payload = facts.encode(StockRefused("o1", refusal, ("p",)), 1).payload
        said = stock_event_pb2.StockEvent.FromString(payload).stock_refused.refusal
        assert stock_event_pb2.StockRefusal.Name(said) == f"STOCK_REFUSAL_{refusal.value}"


def test_a_hold_shorter_than_the_sagas_waits_is_refused() -> None:
    assert read_settings({}).hold == timedelta(hours=3)
    assert read_settings({HOLD_MINUTES: "240"}).hold == timedelta(hours=4)
    for value in ("89", "x", "-5"):
        with pytest.raises(SettingsError):
            read_settings({HOLD_MINUTES: value})
