"""Translates replies and what was read into responses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime

from chophien.catalog.v1 import catalog_service_pb2 as pb
from chophien.catalog.v1 import seller_event_pb2, stock_event_pb2

from catalog.domain.livestreams import LivestreamSession
from catalog.domain.places import PickupPoint
from catalog.domain.products import Product
from catalog.domain.programme import LOCAL, Programme
from catalog.domain.quoting import Quote, QuotedLine, QuotedPart, Shop
from catalog.domain.sellers import Seller
from catalog.domain.stock import Stock
from catalog.wire.words import (
    handling_to,
    line_to,
    ocop_to,
    pickup_point_to,
    place_to,
    size_to,
    timestamp,
)


def programme(found: Programme, commune_code: str, day: date) -> pb.GetProgrammeResponse:
    """Of GetProgramme."""
    return pb.GetProgrammeResponse(commune_code=commune_code, local_date=day.isoformat(), **asdict(found))


def registered(seller_id: str) -> pb.RegisterSellerResponse:
    """Of RegisterSeller."""
    return pb.RegisterSellerResponse(seller_id=seller_id)


def suspended(time: datetime) -> pb.SuspendSellerResponse:
    """Of SuspendSeller."""
    return pb.SuspendSellerResponse(suspend_time=timestamp(time))


def reinstated(time: datetime) -> pb.ReinstateSellerResponse:
    """Of ReinstateSeller."""
    return pb.ReinstateSellerResponse(reinstate_time=timestamp(time))


def pickup_point_moved(time: datetime) -> pb.MovePickupPointResponse:
    """Of MovePickupPoint."""
    return pb.MovePickupPointResponse(effective_time=timestamp(time))


def published(product_id: str) -> pb.PublishProductResponse:
    """Of PublishProduct."""
    return pb.PublishProductResponse(product_id=product_id)


def withdrawn(time: datetime) -> pb.WithdrawProductResponse:
    """Of WithdrawProduct."""
    return pb.WithdrawProductResponse(withdraw_time=timestamp(time))


def price_changed(time: datetime) -> pb.ChangePriceResponse:
    """Of ChangePrice."""
    return pb.ChangePriceResponse(effective_time=timestamp(time))


def stock_set(stock: Stock) -> pb.SetStockResponse:
    """Of SetStock."""
    return pb.SetStockResponse(stock=stock_level(stock))


def started(session: LivestreamSession) -> pb.StartLivestreamResponse:
    """Of StartLivestream."""
    return pb.StartLivestreamResponse(session_id=session.id, start_time=timestamp(session.start_time))


def offer_opened(time: datetime) -> pb.OpenOfferResponse:
    """Of OpenOffer."""
    return pb.OpenOfferResponse(from_time=timestamp(time))


def ended(time: datetime) -> pb.EndLivestreamResponse:
    """Of EndLivestream."""
    return pb.EndLivestreamResponse(end_time=timestamp(time))


def stock_level(stock: Stock) -> pb.StockLevel:
    """Counted stock."""
    return pb.StockLevel(
        on_hand_quantity=stock.on_hand_quantity,
        held_quantity=stock.held_quantity,
        sold_quantity=stock.sold_quantity,
        free_quantity=stock.free_quantity,
        stock_version=stock.stock_version,
    )


def product_found(shop: Shop, product_id: str, now: datetime) -> pb.GetProductResponse:
    """Of GetProduct."""
    product = shop.products[product_id]
    block = public_block(shop.sellers[product.seller_id], shop.pickup_point(product.seller_id, now))
    return pb.GetProductResponse(product=product_seen(product, shop, now), seller=block)


def product_page(shop: Shop, next_page_token: str, now: datetime) -> pb.ListProductsResponse:
    """Of ListProducts."""
    products = sorted(shop.products.values(), key=lambda product: product.id)
    return pb.ListProductsResponse(
        products=[product_seen(product, shop, now) for product in products], next_page_token=next_page_token
    )


def product_seen(product: Product, shop: Shop, now: datetime) -> pb.Product:
    """A product as buyers see it at a moment."""
    what, stock = product.description, shop.stocks[product.id]
    suspended_seller = shop.sellers[product.seller_id].suspend_time is not None
    return pb.Product(
        product_id=product.id,
        seller_id=product.seller_id,
        name=what.name,
        list_price_vnd=product.list_price_vnd_at(now) or 0,
        size=size_to(what.size),
        handling=handling_to(what.handling),
        ocop=ocop_to(what.ocop) if what.ocop else None,
        ocop_badge_shown=what.ocop is not None and what.ocop.badge_shown_on(now.astimezone(LOCAL).date()),
        withdrawn=product.withdraw_time is not None,
        orderable=product.on_sale_at(now) and not suspended_seller,
        publish_time=timestamp(product.publish_time),
        stock=stock_level(stock),
        offers=_open_offers(stock, shop, now),
    )


def _open_offers(stock: Stock, shop: Shop, now: datetime) -> Iterable[pb.OpenedOffer]:
    for offer in reversed(stock.offers):
        session = shop.sessions.get(offer.session_id)
        if session is not None and session.was_live_at(now):
            yield pb.OpenedOffer(
                session_id=offer.session_id,
                offer_price_vnd=offer.offer_price_vnd,
                quota=offer.quota,
                taken_quantity=offer.taken_quantity,
                from_time=timestamp(offer.from_time),
            )


def public_block(seller: Seller, point: PickupPoint) -> pb.SellerPublicBlock:
    """What buyers must see about a seller (R04); the tax id is empty if it was not needed when they registered."""
    block = seller.public_block
    return pb.SellerPublicBlock(
        seller_id=seller.id,
        legal_name=block.legal_name,
        kind=seller_event_pb2.SellerKind.Value(f"SELLER_KIND_{block.kind.value}"),
        tax_id=block.tax_id,
        registration_number=block.registration_number,
        home=place_to(seller.home),
        public_phone=block.public_phone,
        return_policy=block.return_policy,
        complaint_policy=block.complaint_policy,
        price_includes_shipping=block.price_includes_shipping,
        suspended=seller.suspend_time is not None,
        pickup_point=pickup_point_to(point),
    )


def quoted(quote: Quote) -> pb.QuoteBasketResponse:
    """Of QuoteBasket."""
    return pb.QuoteBasketResponse(
        parts=[_part(part) for part in quote.parts],
        unknown_lines=[_line(line) for line in quote.unknown_lines],
        total_vnd=quote.total_vnd,
        available=quote.available,
    )


def _part(part: QuotedPart) -> pb.QuotedPart:
    return pb.QuotedPart(
        pickup_point=pickup_point_to(part.pickup_point),
        seller_ids=part.seller_ids,
        lines=[_line(line) for line in part.lines],
        goods_vnd=part.goods_vnd,
        size=size_to(part.size),
        handling=handling_to(part.handling),
    )


def _line(quoted_line: QuotedLine) -> pb.QuotedLine:
    why = quoted_line.refusal
    return pb.QuotedLine(
        line=line_to(quoted_line.line),
        available=why is None,
        refusal=stock_event_pb2.StockRefusal.Value(f"STOCK_REFUSAL_{why.value if why else 'UNSPECIFIED'}"),
    )
