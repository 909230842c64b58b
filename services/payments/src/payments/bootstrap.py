"""Connects the rooms of payments."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from chassis.wiring import Job, Service, TopicShape

from payments.adapters.tables import STORES
from payments.app.handlers import handlers
from payments.domain.policy import Policy
from payments.entrypoints.access import ACCESS
from payments.entrypoints.clock import OldMemos, expire_payments
from payments.entrypoints.grpc import servicers
from payments.settings import read_policy
from payments.wire.heard import HEARS
from payments.wire.said import TOPIC, encode

TWO_WEEKS = TopicShape(partitions=6, retention_hours=336)


def service(policy: Policy) -> Service:
    """Payments under a policy."""
    return Service(
        name="payments",
        handlers=handlers(policy),
        stores=STORES,
        hears=HEARS,
        heard_shapes=dict.fromkeys(HEARS, TWO_WEEKS),
        encode=encode,
        publishes={TOPIC: TWO_WEEKS},
        jobs=(
            Job("expire_payments", partial(expire_payments, policy.grace_time)),
            Job("forget_memos", OldMemos(policy.memo_time).forget),
        ),
        servicers=servicers,
        access=ACCESS,
        migrations=Path(__file__).parents[2] / "migrations",
    )


SERVICE = service(read_policy())
