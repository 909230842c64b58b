"""Which roles may call which RPC of catalog."""

from __future__ import annotations

_ALL = frozenset({"buyer_channel", "seller", "operator", "officer", "partner", "bank", "service"})
_SELLING = frozenset({"seller", "operator"})

ACCESS = {
    "RegisterSeller": _SELLING,
    "SuspendSeller": frozenset({"operator"}),
    "ReinstateSeller": frozenset({"operator"}),
    "MovePickupPoint": _SELLING,
    "PublishProduct": _SELLING,
    "WithdrawProduct": _SELLING,
    "ChangePrice": _SELLING,
    "SetStock": _SELLING,
    "StartLivestream": _SELLING,
    "OpenOffer": _SELLING,
    "EndLivestream": _SELLING,
    "GetProduct": _ALL,
    "ListProducts": _ALL,
    "QuoteBasket": _ALL,
    "GetProgramme": frozenset({"operator", "officer", "service"}),
}
