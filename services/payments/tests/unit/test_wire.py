"""What crosses the border is translated whole, and what cannot be right is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from chassis.access import Caller
from chassis.kernel import Invalid
from chassis.settings import SettingsError
from chophien.common.v1.common_pb2 import PAYMENT_METHOD_COD
from chophien.orders.v1.order_event_pb2 import OrderEvent, PartAmount, PaymentDue
from chophien.payments.v1 import payment_event_pb2
from chophien.payments.v1 import payments_service_pb2 as pb
from chophien.shipping.v1.parcel_event_pb2 import ParcelDelivered, ParcelEvent
from google.protobuf.timestamp_pb2 import Timestamp
from payments.domain import events
from payments.domain.errors import NotYourStatement
from payments.domain.refund import Refund
from payments.domain.words import Method
from payments.settings import read_policy
from payments.wire import asked, heard, said

from .given import NOW, ORDER

PARTNER = Caller(identity="a", role="partner", partner_id="partner-a")
BANK = Caller(identity="b", role="bank")
TIME = Timestamp(seconds=1_770_000_000)


def test_payment_due_is_heard_with_its_parts() -> None:
    due = PaymentDue(
        total_vnd=5,
        payment_method=PAYMENT_METHOD_COD,
        part_amounts=[PartAmount(part_id=f"{ORDER}-1", amount_vnd=5)],
        placed_by="channel",
    )
    command = heard.request_payment(OrderEvent(order_id=ORDER, payment_due=due))
    assert (command.method, command.total_vnd, command.parts[0].amount_vnd) == (Method.COD, 5, 5)
    assert command.placed_by == "channel"
    with pytest.raises(Invalid):
        heard.request_payment(OrderEvent(order_id=ORDER, payment_due=PaymentDue(total_vnd=5)))


@pytest.mark.parametrize("order_id", ["", "DH260204OTHER"])
def test_a_delivery_of_another_orders_parcel_is_refused(order_id: str) -> None:
    """It would be booked under the parcel's id, and the true delivery could not be booked any more."""
    fact = ParcelDelivered(partner_id="partner-a", deliver_time=TIME)
    with pytest.raises(Invalid):
        heard.collect_cod(ParcelEvent(parcel_id=f"{ORDER}-1", order_id=order_id, parcel_delivered=fact))


def test_parcel_delivered_is_heard_with_its_cash() -> None:
    fact = ParcelDelivered(partner_id="partner-a", cod_collected_vnd=7, deliver_time=TIME)
    command = heard.collect_cod(ParcelEvent(parcel_id=f"{ORDER}-1", order_id=ORDER, parcel_delivered=fact))
    assert (command.parcel_id, command.collected_vnd, command.partner_id) == (f"{ORDER}-1", 7, "partner-a")


def test_every_fact_of_ours_has_its_field_and_name() -> None:
    oneof = payment_event_pb2.PaymentEvent.DESCRIPTOR.oneofs_by_name["fact"]
    assert {field for field, _make in said.FACTS.values()} == {field.name for field in oneof.fields}
    fact = events.RefundDue(order_id=ORDER, refund_id="r", amount_vnd=5, reason="PAID_LATE", part_id="")
    outgoing = said.encode(fact, 3)
    event = payment_event_pb2.PaymentEvent.FromString(outgoing.payload)
    assert (outgoing.topic, outgoing.key) == ("chophien.payments.v1.PaymentEvent", ORDER)
    assert outgoing.type == "chophien.payments.v1.RefundDue"
    assert (event.order_id, event.version, event.refund_due.amount_vnd) == (ORDER, 3, 5)


def notice(**others: Any) -> pb.ReportBankTransferRequest:
    fields: dict[str, Any] = {
        "provider": "sepay",
        "provider_transaction_id": "1",
        "bank_time": TIME,
        "amount_vnd": 5,
        "memo": f"MBVCB {ORDER}",
        "direction": pb.TRANSFER_DIRECTION_IN,
    }
    return pb.ReportBankTransferRequest(**(fields | others))


def test_a_notice_names_its_order_codes() -> None:
    command = asked.report_bank_transfer(notice())
    assert (command.transfer_id, command.order_codes) == ("sepay/1", (ORDER,))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("provider", ""),
        ("provider", "Se Pay"),
        ("provider_transaction_id", "a/b"),
        ("provider_transaction_id", "x" * 65),
        ("bank_time", Timestamp()),
        ("bank_time", Timestamp(seconds=10**15)),
        ("amount_vnd", 0),
        ("amount_vnd", -1),
        ("amount_vnd", 10**13),
        ("memo", "x" * 201),
        ("memo", "\x00"),
        ("direction", pb.TRANSFER_DIRECTION_UNSPECIFIED),
    ],
)
def test_bad_notices_are_refused_by_field(field: str, value: object) -> None:
    with pytest.raises(Invalid) as refused:
        asked.report_bank_transfer(notice(**{field: value}))
    assert refused.value.details["field"] == field


def remittance(partner_id: str = "", lines: int = 1) -> pb.ReportCodRemittanceRequest:
    made = [pb.RemittanceLine(parcel_id=f"P-{number}", amount_vnd=1) for number in range(lines)]
    return pb.ReportCodRemittanceRequest(partner_id=partner_id, statement_id="S", remit_time=TIME, lines=made)


def test_a_partner_speaks_for_itself_and_settles_nothing() -> None:
    command = asked.report_cod_remittance(remittance(), PARTNER)
    assert (command.partner_id, command.settles) == ("partner-a", False)
    with pytest.raises(NotYourStatement):
        asked.report_cod_remittance(remittance("partner-b"), PARTNER)
    assert asked.report_cod_remittance(remittance("partner-b"), BANK).settles
    with pytest.raises(Invalid):
        asked.report_cod_remittance(remittance(), BANK)


def test_a_transfer_is_named_whole_and_not_by_the_partner() -> None:
    request = remittance("partner-a")
    request.provider, request.provider_transaction_id = "sepay", "cod-1"
    assert asked.report_cod_remittance(request, BANK).transfer_id == "sepay/cod-1"
    with pytest.raises(Invalid) as refused:
        asked.report_cod_remittance(request, PARTNER)
    assert refused.value.details["field"] == "provider"
    request.provider = ""
    with pytest.raises(Invalid):
        asked.report_cod_remittance(request, BANK)


def test_statements_are_bounded_and_name_a_parcel_once() -> None:
    twice = remittance("partner-a")
    twice.lines.append(twice.lines[0])
    for request in (remittance("partner-a", 0), remittance("partner-a", 1001), twice):
        with pytest.raises(Invalid) as refused:
            asked.report_cod_remittance(request, BANK)
        assert refused.value.details["field"] == "lines"


def test_a_line_of_more_cash_than_any_parcel_is_refused() -> None:
    """A few hundred statements of thirteen digits a line would fill the sums of the whole ledger for good."""
    request = remittance("partner-a")
    request.lines[0].amount_vnd = 1_000_000_000
    asked.report_cod_remittance(request, BANK)
    request.lines[0].amount_vnd += 1
    with pytest.raises(Invalid) as refused:
        asked.report_cod_remittance(request, BANK)
    assert refused.value.details["field"] == "lines.amount_vnd"


def test_a_page_token_leads_to_the_next_page_and_nothing_else() -> None:
    refunds = [Refund(id=f"r{n}", order_id=ORDER, amount_vnd=1, reason="", due_time=NOW) for n in range(3)]
    page, token = asked.cut(refunds, asked.page(2, ""))
    assert ([one.id for one in page], asked.page(2, token).after) == (["r0", "r1"], (NOW, "r1"))
    assert asked.cut(refunds[:2], asked.page(2, "")) == (refunds[:2], "")
    for size, wrong in ((-1, ""), (201, ""), (1, "!"), (1, "bm9uc2Vuc2U="), (1, "é")):
        with pytest.raises(Invalid):
            asked.page(size, wrong)


def test_settings_have_safe_defaults_and_refuse_a_payee_that_makes_no_code() -> None:
    policy = read_policy({})
    assert (policy.payee_bank_bin, policy.transfer_limit_vnd) == ("970405", 500_000_000)
    assert policy.remit_due_date("partner-x", datetime(2026, 2, 13, 3, tzinfo=UTC)).isoformat() == "2026-02-24"
    for environ in (
        {"CHOPHIEN_PAYEE_ACCOUNT": "8" * 20},
        {"CHOPHIEN_QR_MINUTES": "soon"},
        {"CHOPHIEN_REMITTANCE_CALENDARS_FILE": "nowhere.json"},
    ):
        with pytest.raises(SettingsError):
            read_policy(environ)
