"""Tells the whole life of an order, a parcel or a batch as one timeline, from the services' own answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape

from laptop.ask import ask
from laptop.errors import StackError
from laptop.layout import Layout
from laptop.table import plain

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")

# The codes orders and shipping give: an order or parcel, a batch.
CODES = re.compile(r"DH\d{6}[0-9A-Z]{12}(?:-\d{1,3}(?!\d))?|PB\d{6}-[0-9A-Z]{8}")

# What the services take for a code at all.
FORM = re.compile(r"[!-.0-~]{1,64}")

# A channel's own ids are longer at most.
CHANNEL_ORDER_ID_CHARACTERS_MAX = 100


def _word(message: Any, name: str) -> str:
    """The value of an enum field as a plain word: ORDER_STATE_AWAITING_PAYMENT is `awaiting payment`."""
    enum = message.DESCRIPTOR.fields_by_name[name].enum_type
    prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", enum.name).upper() + "_"
    name_in_full: str = enum.values_by_number[getattr(message, name)].name
    return name_in_full.removeprefix(prefix).replace("_", " ").lower()


def _vnd(amount: int) -> str:
    return f"{amount:,} ₫".replace(",", ".")


def _time(stamp: Any) -> str:
    return datetime.fromtimestamp(stamp.seconds, UTC).astimezone(LOCAL).strftime("%a %d %b %Y %H:%M:%S")


def _order(answer: Any) -> str:
    order = answer.order
    waits = f", waits for {_word(order, 'wait')}" if order.wait else ""
    why = f" ({order.cancel_reason})" if order.cancel_reason else ""
    return f"{_word(order, 'state')}{why}{waits}, {_vnd(order.total_vnd)}, {len(answer.parts)} part(s)"


def _payment(answer: Any) -> str:
    back = (
        f", {_vnd(answer.refund_paid_vnd)} of {_vnd(answer.refund_due_vnd)} refunded" if answer.refund_due_vnd else ""
    )
    method = _word(answer, "payment_method")
    return f"{_word(answer, 'state')}, {method}, {_vnd(answer.received_vnd)} received of {_vnd(answer.due_vnd)}{back}"


def _parcel(answer: Any) -> str:
    parcel = answer.parcel
    partner = f", partner {parcel.partner_id}" if parcel.partner_id else ""
    batch = f", batch {parcel.batch_id}" if parcel.batch_id else ""
    why = f" ({parcel.reason})" if parcel.reason else ""
    cod = f", {_vnd(parcel.cod_vnd)} to collect" if parcel.cod_vnd else ""
    return f"{_word(parcel, 'state')}{why}{partner}{batch}{cod}"


def _batch(answer: Any) -> str:
    batch = answer.batch
    partner = f", partner {batch.partner_id}" if batch.partner_id else ""
    moved = f", moved by closure {batch.closure_id}" if batch.closure_id else ""
    counts = f"{batch.parcels_picked} of {batch.parcels_planned} picked, {batch.parcels_missed} missed"
    return f"{_word(batch, 'state')}{partner}, hub {batch.hub_id}, {counts}{moved}"


# What is asked about each kind of thing: the service, the question, the name of its code, and the answer in one line.
QUESTIONS: dict[str, tuple[str, str, str, Callable[[Any], str]]] = {
    "order": ("orders", "GetOrder", "order_id", _order),
    "payment": ("payments", "GetPayment", "order_id", _payment),
    "parcel": ("shipping", "GetParcel", "parcel_id", _parcel),
    "why": ("shipping", "ExplainParcel", "parcel_id", lambda answer: f"{answer.text} [{answer.code}]"),
    "batch": ("shipping", "GetBatch", "batch_id", _batch),
}


@dataclass
class Story:
    """What has been found so far: one line a thing, and what happened to it."""

    layout: Layout
    lines: list[tuple[str, str, str]] = field(default_factory=list)
    events: list[tuple[int, str, Any]] = field(default_factory=list)
    trace_ids: list[str] = field(default_factory=list)

    def ask(self, kind: str, code: str) -> Any:
        """Asks about one thing and keeps the answer; None when there is no such thing, or nobody answers (told)."""
        service, method, key, summary = QUESTIONS[kind]
        try:
            answer = ask(self.layout, service, method, **{key: code})
        except StackError as error:
            self.lines.append((kind, code, str(error)))
            return None
        if answer is None:
            return None
        self.lines.append((kind, code, summary(answer)))
        if kind != "why":  # its history is the parcel's
            self.events += [(entry.time.ToNanoseconds(), kind, entry) for entry in answer.history]
        if answer.trace_id and answer.trace_id not in self.trace_ids:
            self.trace_ids.append(answer.trace_id)
        return answer


def code_in(text: str) -> str:
    """The code in what somebody pasted: a bank's memo with words around it, small letters, a blank in the middle."""
    whole = text.strip()
    found = CODES.search(whole.upper()) or CODES.search(re.sub(r"\s", "", whole.upper()))
    return found[0] if found else whole


def gather(layout: Layout, text: str) -> Story:
    """All there is to know about the code in a text, ours or a channel's own; raises StackError if nobody knows it."""
    story, code = Story(layout), code_in(text)
    if not code:
        raise StackError("which order, parcel or batch? CODE= is empty")
    if FORM.fullmatch(code):
        _follow(story, code)
    if not story.lines:
        for order_id in _of_channel(layout, text.strip()):
            _follow(story, order_id)
    if not story.lines:
        raise StackError(f"no order, parcel or batch has the code {code[:80]}")
    return story


def _follow(story: Story, code: str) -> None:
    """From an order, a parcel or a batch to everything that belongs to it."""
    parcel = re.fullmatch(r"(.+)-\d+", code)
    order = story.ask("order", parcel[1] if parcel else code)
    known = [part.part.part_id for part in order.parts] if order else []
    parts = [code] if parcel else known
    if parcel and order and code not in known:
        story.lines.append(("parcel", code, f"no such part; the order has {len(known)} part(s)"))
        parts = []
    if order:
        story.ask("payment", order.order.order_id)
    batches: list[str] = []
    for part in parts:
        found = story.ask("parcel", part)
        if found:
            story.ask("why", part)
            batches.append(found.parcel.batch_id)
    for batch in filter(None, dict.fromkeys(batches if order else [code])):
        story.ask("batch", batch)


def _of_channel(layout: Layout, text: str) -> list[str]:
    """The orders that channels placed under this id of theirs; none for what is no such id."""
    if not text.isprintable() or len(text) > CHANNEL_ORDER_ID_CHARACTERS_MAX:
        return []
    answer = ask(layout, "orders", "ListOrders", channel_order_id=text)
    return [order.order_id for order in answer.orders]


def tell(layout: Layout, text: str, console: Console) -> None:
    """Prints the story of the code in a text, oldest first, with links to its traces."""
    story = gather(layout, text)
    heads = plain("kind", "code", "line", show_header=False)
    for kind, own_code, line in story.lines:
        heads.add_row(f"[bold]{kind}[/]", own_code, escape(line))
    console.print(heads)
    timeline = plain("time", "of", "what", "detail")
    for _, kind, entry in sorted(story.events, key=lambda event: event[0]):
        timeline.add_row(_time(entry.time), kind, f"[bold]{entry.kind}[/]", escape(entry.detail))
    console.print(timeline)
    if "zipkin" in layout.parts:
        for trace_id in story.trace_ids:
            console.print(f"trace {layout.trace_url(trace_id)}", soft_wrap=True)
