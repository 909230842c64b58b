"""Translates requests into commands and questions; what is not acceptable is refused here. Ids are made here too."""

from __future__ import annotations

import base64
import binascii
from datetime import date, datetime

from chassis.access import Caller
from chassis.kernel import Invalid, new_id
from chophien.catalog.v1 import catalog_service_pb2 as pb
from chophien.catalog.v1 import seller_event_pb2

from catalog.app import commands
from catalog.app.questions import ProductFilter
from catalog.domain.errors import NotYourCommune, OperatorOnly
from catalog.domain.events import EndReason, SellerKind
from catalog.domain.goods import Line, Size
from catalog.domain.livestreams import HostVerification
from catalog.domain.products import Description
from catalog.domain.programme import LOCAL
from catalog.domain.sellers import PublicBlock
from catalog.wire.words import (
    LINES_MAX,
    PRICE_VND_MAX,
    QUANTITY_MAX,
    between,
    code,
    commune_code,
    enum_name,
    handling_from,
    identifier,
    local_date,
    ocop_from,
    phone,
    pickup_point_from,
    place_from,
    size_from,
    text,
    time_from,
)

SESSION_SELLERS_MAX = 50
ON_HAND_MAX = 1_000_000
PAGE_SIZE_MAX = 200
PAGE_SIZE_DEFAULT = 50
COMMUNES_SINCE = date(2025, 7, 1)
"""Before that a commune's code meant another unit."""


def register_seller(request: pb.RegisterSellerRequest, caller: Caller) -> commands.RegisterSeller:
    """RegisterSeller; without an id the seller of the credential, or a new one. The public block must be complete."""
    stated = enum_name(seller_event_pb2.SellerKind, request.kind, "kind")
    if stated == "UNSPECIFIED":
        raise Invalid("kind", "must be stated")
    kind = SellerKind(stated)
    return commands.RegisterSeller(
        acting_seller_id=caller.seller_id,
        seller_id=_given_or_new(request.seller_id or caller.seller_id, "seller_id"),
        public_block=PublicBlock(
            legal_name=text(request.legal_name, "legal_name"),
            kind=kind,
            tax_id=text(request.tax_id, "tax_id", 20),
            registration_number=text(
                request.registration_number, "registration_number", 40, needed=kind.always_registered
            ),
            public_phone=phone(request.public_phone, "public_phone"),
            return_policy=text(request.return_policy, "return_policy"),
            complaint_policy=text(request.complaint_policy, "complaint_policy"),
            price_includes_shipping=request.price_includes_shipping,
        ),
        home=place_from(request.home, "home"),
        pickup_point=pickup_point_from(request.pickup_point, "pickup_point"),
    )


def suspend_seller(request: pb.SuspendSellerRequest) -> commands.SuspendSeller:
    """SuspendSeller."""
    seller_id = identifier(request.seller_id, "seller_id")
    return commands.SuspendSeller(seller_id=seller_id, reason=code(request.reason, "reason"))


def reinstate_seller(request: pb.ReinstateSellerRequest) -> commands.ReinstateSeller:
    """ReinstateSeller."""
    seller_id = identifier(request.seller_id, "seller_id")
    return commands.ReinstateSeller(seller_id=seller_id, reason=code(request.reason, "reason"))


def move_pickup_point(request: pb.MovePickupPointRequest, caller: Caller) -> commands.MovePickupPoint:
    """MovePickupPoint."""
    return commands.MovePickupPoint(
        acting_seller_id=caller.seller_id,
        seller_id=identifier(request.seller_id, "seller_id"),
        pickup_point=pickup_point_from(request.pickup_point, "pickup_point"),
        effective_time=time_from(request, "effective_time"),
    )


def publish_product(request: pb.PublishProductRequest, caller: Caller) -> commands.PublishProduct:
    """PublishProduct."""
    return commands.PublishProduct(
        acting_seller_id=caller.seller_id,
        product_id=_given_or_new(request.product_id, "product_id"),
        seller_id=identifier(request.seller_id, "seller_id"),
        description=Description(
            name=text(request.name, "name"),
            size=size_from(request.size, "size") if request.HasField("size") else Size(),
            handling=handling_from(request.handling, "handling"),
            ocop=ocop_from(request.ocop, "ocop") if request.HasField("ocop") else None,
        ),
        list_price_vnd=between(request.list_price_vnd, "list_price_vnd", 1, PRICE_VND_MAX),
    )


def withdraw_product(request: pb.WithdrawProductRequest, caller: Caller) -> commands.WithdrawProduct:
    """WithdrawProduct."""
    product_id = identifier(request.product_id, "product_id")
    return commands.WithdrawProduct(acting_seller_id=caller.seller_id, product_id=product_id)


def change_price(request: pb.ChangePriceRequest, caller: Caller) -> commands.ChangePrice:
    """ChangePrice."""
    return commands.ChangePrice(
        acting_seller_id=caller.seller_id,
        product_id=identifier(request.product_id, "product_id"),
        list_price_vnd=between(request.list_price_vnd, "list_price_vnd", 1, PRICE_VND_MAX),
        effective_time=time_from(request, "effective_time"),
    )


def set_stock(request: pb.SetStockRequest, caller: Caller) -> commands.SetStock:
    """SetStock."""
    return commands.SetStock(
        acting_seller_id=caller.seller_id,
        product_id=identifier(request.product_id, "product_id"),
        on_hand_quantity=between(request.on_hand_quantity, "on_hand_quantity", 0, ON_HAND_MAX),
        expected_stock_version=request.expected_stock_version,
    )


def start_livestream(request: pb.StartLivestreamRequest, caller: Caller) -> commands.StartLivestream:
    """StartLivestream; a missing verification is left to the domain to refuse."""
    between(len(request.seller_ids), "seller_ids", 1, SESSION_SELLERS_MAX)
    stated = request.host_verification
    verification = HostVerification("", "")
    if request.HasField("host_verification"):
        verification = HostVerification(
            code(stated.method, "host_verification.method"),
            text(stated.reference, "host_verification.reference", 100, needed=False),
            time_from(stated, "expire_time"),
        )
    return commands.StartLivestream(
        acting_seller_id=caller.seller_id,
        session_id=_given_or_new(request.session_id, "session_id"),
        host_id=identifier(request.host_id, "host_id"),
        host_verification=verification,
        seller_ids=tuple(dict.fromkeys(identifier(one, "seller_ids") for one in request.seller_ids)),
    )


def open_offer(request: pb.OpenOfferRequest, caller: Caller) -> commands.OpenOffer:
    """OpenOffer."""
    return commands.OpenOffer(
        acting_seller_id=caller.seller_id,
        session_id=identifier(request.session_id, "session_id"),
        product_id=identifier(request.product_id, "product_id"),
        offer_price_vnd=between(request.offer_price_vnd, "offer_price_vnd", 1, PRICE_VND_MAX),
        quota=between(request.quota, "quota", 0, ON_HAND_MAX),
    )


def end_livestream(request: pb.EndLivestreamRequest, caller: Caller) -> commands.EndLivestream:
    """EndLivestream; only operators stop a session in the name of an authority."""
    if request.reason not in EndReason.__members__:
        raise Invalid("reason", f"must be one of {', '.join(EndReason)}")
    reason = EndReason(request.reason)
    stopped = reason is EndReason.STOPPED_BY_AUTHORITY
    if stopped and caller.role != "operator":
        raise OperatorOnly(reason=reason)
    reference = text(request.authority_reference, "authority_reference", 100, needed=stopped)
    if reference and not stopped:
        raise Invalid("authority_reference", "must be empty")
    return commands.EndLivestream(
        acting_seller_id=caller.seller_id,
        session_id=identifier(request.session_id, "session_id"),
        reason=reason,
        authority_reference=reference,
    )


def product_id(request: pb.GetProductRequest) -> str:
    """GetProduct, as a question."""
    return identifier(request.product_id, "product_id")


def product_filter(request: pb.ListProductsRequest) -> ProductFilter:
    """ListProducts, as a question."""
    return ProductFilter(
        seller_id=identifier(request.seller_id, "seller_id") if request.seller_id else "",
        commune_code=commune_code(request.commune_code, "commune_code") if request.commune_code else "",
        ocop_only=request.ocop_only,
        include_withdrawn=request.include_withdrawn,
        after_product_id=_page_start(request.page_token),
        limit=between(request.page_size, "page_size", 0, PAGE_SIZE_MAX) or PAGE_SIZE_DEFAULT,
    )


def page_token(last_product_id: str) -> str:
    """The token of the page after a product; opaque to callers."""
    return base64.urlsafe_b64encode(last_product_id.encode()).decode()


def basket(request: pb.QuoteBasketRequest) -> tuple[Line, ...]:
    """QuoteBasket, as a question; stated prices are ignored."""
    between(len(request.lines), "lines", 1, LINES_MAX)
    return tuple(
        Line(
            identifier(line.product_id, "lines.product_id"),
            between(line.quantity, "lines.quantity", 1, QUANTITY_MAX),
            0,
            identifier(line.session_id, "lines.session_id") if line.session_id else "",
        )
        for line in request.lines
    )


def programme(request: pb.GetProgrammeRequest, caller: Caller, now: datetime) -> tuple[str, date]:
    """GetProgramme, as a commune and a local day; an officer's own commune only."""
    own = caller.commune_code
    if own and request.commune_code not in ("", own):
        raise NotYourCommune(commune_code=own)
    commune = commune_code(own or request.commune_code, "commune_code")
    today = now.astimezone(LOCAL).date()
    day = local_date(request.local_date, "local_date") if request.local_date else today
    if not COMMUNES_SINCE <= day <= today:
        raise Invalid("local_date", f"must be from {COMMUNES_SINCE} to today")
    return commune, day


def _given_or_new(value: str, field: str) -> str:
    return identifier(value, field) if value else new_id()


def _page_start(token: str) -> str:
    if not token:
        return ""
    try:
        return identifier(base64.b64decode(token, altchars=b"-_", validate=True).decode("ascii"), "page_token")
    except (binascii.Error, UnicodeError, ValueError, Invalid):
        raise Invalid("page_token", "is not one of ours") from None
