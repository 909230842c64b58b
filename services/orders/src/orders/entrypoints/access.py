"""Who may call which RPC."""

from __future__ import annotations

from collections.abc import Mapping

ACCESS: Mapping[str, frozenset[str]] = {
    "PlaceOrder": frozenset({"buyer_channel", "operator"}),
    "CancelOrder": frozenset({"buyer_channel", "operator", "service"}),
    "GetOrder": frozenset({"buyer_channel", "operator", "service"}),
    "ListOrders": frozenset({"buyer_channel", "operator", "service"}),
    "GetContacts": frozenset({"operator", "service"}),
    "EraseContact": frozenset({"operator"}),
}
