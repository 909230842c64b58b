"""Carries out the commands about products, prices and counts."""

from __future__ import annotations

from chassis.kernel import Change, Handler, Handlers, Key, Loaded, Moment, Outcome, said

from catalog.app.commands import ChangePrice, PublishProduct, SetStock, WithdrawProduct
from catalog.app.handlers.acting import require_acting_for
from catalog.domain import products
from catalog.domain.products import Product
from catalog.domain.sellers import Seller
from catalog.domain.stock import Stock


def publish_product(command: PublishProduct, loaded: Loaded, moment: Moment) -> Outcome:
    """A product goes on sale, for the first time with an empty shelf."""
    require_acting_for(command.seller_id, command.acting_seller_id)
    loaded.require(Seller, command.seller_id).require_active()
    product = loaded.get(Product, command.product_id)
    what, price = command.description, command.list_price_vnd
    if product is not None:
        return product.publish_anew(command.seller_id, what, price, moment.now)
    first = products.publish(command.product_id, command.seller_id, what, price, moment.now, moment.trace)
    return Outcome((*first.changes, Change(Stock(id=command.product_id, trace=moment.trace))), first.reply)


def withdraw_product(command: WithdrawProduct, loaded: Loaded, moment: Moment) -> Outcome:
    """A product goes off sale."""
    return _own_product(command, loaded).withdraw(moment.now)


def change_price(command: ChangePrice, loaded: Loaded, moment: Moment) -> Outcome:
    """Another list price."""
    product = _own_product(command, loaded)
    return product.change_price(command.list_price_vnd, command.effective_time, moment.now)


def set_stock(command: SetStock, loaded: Loaded, _moment: Moment) -> Outcome:
    """A count of the shelf."""
    stock = loaded.require(Stock, _own_product(command, loaded).id)
    counted = stock.set_counted(command.on_hand_quantity, command.expected_stock_version)
    return said(counted, reply=counted)


def _own_product(command: WithdrawProduct | ChangePrice | SetStock, loaded: Loaded) -> Product:
    product = loaded.require(Product, command.product_id)
    require_acting_for(product.seller_id, command.acting_seller_id)
    return product


def _product(command: WithdrawProduct | ChangePrice | SetStock) -> tuple[Key[Product]]:
    return (Key(Product, command.product_id),)


HANDLERS: Handlers = {
    PublishProduct: Handler(
        publish_product,
        keys=lambda command: (Key(Product, command.product_id), Key(Stock, command.product_id)),
        reads=lambda command: (Key(Seller, command.seller_id),),
    ),
    WithdrawProduct: Handler(withdraw_product, keys=_product),
    ChangePrice: Handler(change_price, keys=_product),
    SetStock: Handler(set_stock, keys=lambda command: (Key(Stock, command.product_id),), reads=_product),
}
