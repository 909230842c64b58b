"""Whatever order the facts come in and however often, stock stays in balance: a machine plays orders at random."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from catalog.domain.errors import CountedBelowHeld
from catalog.domain.events import StockReserved
from catalog.domain.goods import Line
from catalog.domain.holds import HoldState, StockHold
from catalog.domain.restocks import Restock
from catalog.domain.stock import Move, Stock
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from .given import (
    NOW,
    cancel,
    cancel_part,
    confirm,
    count,
    does,
    does_twice,
    end,
    lapse,
    levels,
    line,
    offered,
    place,
    publish,
    shelve,
    shop,
)

QUOTA = 6
PRODUCTS = ("noodles", "tea")
SOLD_STATES = (HoldState.COMMITTED, HoldState.RELEASED)

lines = st.one_of(
    st.builds(line, st.integers(1, 4), st.sampled_from(PRODUCTS)),
    st.builds(offered, st.integers(1, 4)),
)


class Shopping(RuleBasedStateMachine):
    """Orders say facts; they arrive in any order, some twice; holds lapse, pieces are carried back, shelves counted."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = shop(20, QUOTA)
        for command in (publish("tea"), count(20, product_id="tea")):
            does(self.memory, command)
        self.counted = dict.fromkeys(PRODUCTS, 20)
        self.now = NOW
        self.pending: list[Any] = []
        self.heard: list[Any] = []
        self.orders = 0

    @rule(basket=st.lists(lines, min_size=1, max_size=3), fate=st.integers(0, 5), back=st.integers(0, 4))
    def an_order_lives(self, basket: list[Line], fate: int, back: int) -> None:
        """Its whole life at once; which fact is heard when is decided later."""
        self.orders += 1
        own = f"o{self.orders}"
        first, rest = f"{own}-1", [f"{own}-{number}" for number in range(2, len(basket) + 1)]
        returned = Line(basket[0].product_id, back or 1, basket[0].unit_price_vnd, basket[0].session_id)
        life: list[Any] = [place(own, *basket, place_time=self.now)]
        if fate > 0:
            life.append(confirm(own, *basket))
        if fate > 1:
            life.append(cancel_part(first, *([returned] if back else [])))
        if fate in (0, 3):
            life.append(cancel(own))
        if fate == 4:
            life += [cancel(own, *rest), *(cancel_part(part, line(1)) for part in rest)]
        self.pending += life

    @precondition(lambda self: self.pending)
    @rule(which=st.integers(0, 1_000), near=st.booleans())
    def a_fact_is_heard(self, which: int, near: bool) -> None:
        fact = self.pending.pop(0 if near else which % len(self.pending))
        does_twice(self.memory, fact, self.now)
        self.heard.append(fact)

    @precondition(lambda self: self.heard)
    @rule(which=st.integers(0, 1_000))
    def an_old_fact_is_heard_again(self, which: int) -> None:
        does(self.memory, self.heard[which % len(self.heard)], self.now)

    @rule(minutes=st.sampled_from([1, 60, 200]))
    def time_passes_and_holds_lapse(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        for hold in list(self.memory.all(StockHold)):
            does_twice(self.memory, lapse(self.memory, hold.id), self.now)

    @rule()
    def pieces_are_carried_back(self) -> None:
        shelve(self.memory)

    @rule(product_id=st.sampled_from(PRODUCTS), more=st.integers(-5, 10))
    def a_shelf_is_counted(self, product_id: str, more: int) -> None:
        stock = self.memory.get(Stock, product_id)
        on_hand = max(0, stock.on_hand_quantity + more)
        try:
            does(self.memory, count(on_hand, stock.stock_version, product_id))
        except CountedBelowHeld:
            return
        self.counted[product_id] += on_hand - stock.on_hand_quantity

    @rule()
    def the_session_ends(self) -> None:
        if self.now > NOW and not any(type(fact).__name__ == "LivestreamEnded" for fact in self.memory.facts):
            does(self.memory, end(), self.now)

    def owed(self, product_id: str, session: bool = False) -> Counter[Move]:
        """Pieces still to be moved."""
        total = Counter[Move]()
        for restock in self.memory.all(Restock):
            for moved in () if restock.done else restock.moves:
                if moved.line.product_id == product_id and (moved.line.session_id or not session):
                    total[moved.move] += moved.line.quantity
        return total

    def of_orders(self, product_id: str, *states: HoldState, session: bool = False) -> int:
        return sum(
            held.line.quantity
            for hold in self.memory.all(StockHold)
            if hold.state in states
            for held in hold.lines
            if held.line.product_id == product_id and (held.line.session_id or not session)
        )

    @invariant()
    def every_piece_is_free_held_or_sold_and_belongs_to_whom_it_should(self) -> None:
        for product_id in PRODUCTS:
            on_hand, held, sold = levels(self.memory, product_id)
            owed = self.owed(product_id)
            assert 0 <= held <= on_hand and sold >= 0
            assert held + sold + (on_hand - held) == self.counted[product_id]
            leaving = owed[Move.HELD_TO_FREE] + owed[Move.HELD_TO_SOLD]
            assert held == self.of_orders(product_id, HoldState.HELD) + leaving
            coming = owed[Move.SOLD_TO_FREE] - owed[Move.HELD_TO_SOLD]
            assert sold == self.of_orders(product_id, *SOLD_STATES) + coming

    @invariant()
    def the_quota_is_kept(self) -> None:
        (opened,) = self.memory.get(Stock, "noodles").offers
        owed = self.owed("noodles", session=True)
        coming = owed[Move.HELD_TO_FREE] + owed[Move.SOLD_TO_FREE]
        drawn = self.of_orders("noodles", HoldState.HELD, *SOLD_STATES, session=True)
        assert opened.taken_quantity == drawn + coming <= QUOTA

    @invariant()
    def facts_of_an_order_are_numbered_without_gaps(self) -> None:
        numbers: dict[str, list[int]] = {}
        for said in self.memory.said:
            numbers.setdefault(said.aggregate_id, []).append(said.version)
        assert all(versions == list(range(1, len(versions) + 1)) for versions in numbers.values())

    def teardown(self) -> None:
        """All is heard in the end and carried back: nothing is owed, and only live holds hold."""
        for fact in self.pending:
            does_twice(self.memory, fact, self.now)
        shelve(self.memory)
        self.every_piece_is_free_held_or_sold_and_belongs_to_whom_it_should()
        assert all(restock.done for restock in self.memory.all(Restock))


Shopping.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_shopping = Shopping.TestCase


@given(buyers=st.lists(st.integers(1, 3), min_size=1, max_size=60), pieces=st.integers(0, 40), quota=st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_as_many_are_sold_as_there_are_and_the_quota_allows(buyers: list[int], pieces: int, quota: int) -> None:
    """First come, first served; who wants more than is left is refused, and nothing of theirs is kept."""
    memory = shop(pieces, quota)
    left = min(pieces, quota) if quota else pieces
    for number, wanted in enumerate(buyers):
        does_twice(memory, place(f"o{number}", offered(wanted)))
        got = isinstance(memory.facts[-1], StockReserved)
        assert got == (wanted <= left)
        left -= wanted if got else 0
        does_twice(memory, confirm(f"o{number}", offered(wanted)) if got else cancel(f"o{number}"))
    sold = (min(pieces, quota) if quota else pieces) - left
    assert levels(memory) == (pieces - sold, 0, sold)


def test_500_buyers_of_a_single_piece_have_one_winner() -> None:
    """R26."""
    memory = shop(1)
    for number in range(500):
        does(memory, place(f"o{number}", line()))
    assert levels(memory) == (1, 1, 0)
    assert [type(fact) for fact in memory.facts].count(StockReserved) == 1
