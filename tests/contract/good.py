"""Good requests and facts, as a person would make them: the start of odd ones."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message_factory import GetMessageClass

from tests.contract.examples import SAMPLES, fill, golden_path, topic_class
from tests.contract.test_hearing import service
from tests.contract.topology import TOPICS

NOW = datetime(2026, 2, 4, 6, 30, tzinfo=UTC)
"""13:30 in Vietnam; the samples' time is half an hour later."""

ORDER, SELLER = SAMPLES["order_id"], SAMPLES["seller_id"]
LINE = {
    "product_id": SAMPLES["product_id"],
    "quantity": 2,
    "unit_price_vnd": 185_000,
    "session_id": SAMPLES["session_id"],
}
GOOD: dict[str, dict[str, Any]] = {
    "RegisterSeller": {"seller_id": "", "public_phone": "+84912345678"},
    "SuspendSeller": {"reason": "FRAUD"},
    "ReinstateSeller": {"reason": "CLEARED"},
    "SetStock": {"on_hand_quantity": 1000, "expected_stock_version": 0},
    "PublishProduct": {"product_id": ""},
    "StartLivestream": {"host_verification": {"method": "VNEID", "reference": "ref-1"}, "session_id": ""},
    "OpenOffer": {"quota": 100, "offer_price_vnd": 185_000, "session_id": "live-2"},
    "EndLivestream": {"reason": "FINISHED", "authority_reference": ""},
    "ListProducts": {"page_token": "", "page_size": 2},
    "QuoteBasket": {"lines": [LINE]},
    "PlaceOrder": {
        "channel_order_id": "",
        "country": "VN",
        "lines": [LINE],
        "buyer": {"name": "Lò Thị Sáng", "phone": "+84912345678", "address": "Bản Thẳm"},
    },
    "ListOrders": {"page_token": "", "page_size": 2, "overdue_only": False},
    "ReportBankTransfer": {"memo": f"MBVCB 1 {ORDER} chuyen tien", "direction": 1},
    "ListRefundsDue": {"page_token": "", "page_size": 2},
    "GetLedger": {"page_token": "", "page_size": 2},
    "ReportCodRemittance": {"partner_id": "", "provider": "", "provider_transaction_id": ""},
    "CancelParcel": {"reason": "BUYER_CANCELLED"},
    "ListBatches": {"page_token": "", "page_size": 2},
    "DeclareClosure": {"commune_code": "03390", "to_time": {"seconds": 1_770_206_400}},
    "PlanWave": {"hub_id": "hub-sa-pa", "take_all": True},
    "ListTenders": {"page_token": "", "page_size": 2},
    "DeclineTender": {"reason": "NO_VEHICLE"},
    "ReportPickup": {
        "reports": [{"parcel_id": f"{ORDER}-1", "picked": True}],
        "run_finished": False,
        "handover_time": None,
    },
    "ReportScan": {"kind": 1, "cod_collected_vnd": 0, "reason": ""},
}


NEW = {name: f"NEW{number}" for number, name in enumerate((SELLER, LINE["product_id"], SAMPLES["pickup_point_id"]))}
NEW |= {ORDER: "DH260204NEW", f"{ORDER}-1": "DH260204NEW-1"}
"""Ids that no odd input has touched."""


def example(descriptor: Any, **fields: Any) -> Any:
    """A request as a person would make it; fields that are None are left out, those of messages are dicts."""
    made: Any = fill(GetMessageClass(descriptor)())
    if "request_id" in descriptor.fields_by_name:
        made.request_id = uuid.uuid4().hex
    for name, value in fields.items():
        made.ClearField(name)
        if value is not None:
            made.MergeFrom(GetMessageClass(descriptor)(**{name: value}))
    return made


def fact(topic: str, kind: str) -> Any:
    """The golden example of a fact."""
    return topic_class(topic).FromString(golden_path(topic_class(topic), kind).read_bytes())


def earlier(message: Any, now: datetime = NOW) -> Any:
    """The fact, as said an hour before a time."""
    for one, value in message.ListFields():
        if one.message_type is None:
            continue
        for inner in value if one.is_repeated else (value,):
            if one.message_type.full_name == "google.protobuf.Timestamp":
                inner.seconds = int(now.timestamp()) - 3600
            else:
                earlier(inner, now)
    return message


def named(message: Any, names: Mapping[str, str]) -> Any:
    """The message with texts replaced."""
    for one, value in message.ListFields():
        if one.message_type is not None:
            for inner in value if one.is_repeated else (value,):
                named(inner, names)
        elif one.cpp_type == one.CPPTYPE_STRING and one.type != one.TYPE_BYTES:
            if one.is_repeated:
                value[:] = [names.get(text, text) for text in value]
            else:
                setattr(message, one.name, names.get(value, value))
    return message


def facts_heard(name: str) -> list[tuple[str, str]]:
    """Topic and kind of every fact a service hears."""
    return [
        (topic, kind)
        for topic, hearing in service(name).hears.items()
        for kind in hearing.commands
        if name in TOPICS[topic].heard_by
    ]
