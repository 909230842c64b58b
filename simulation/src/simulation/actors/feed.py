"""A partner's ear: reads its own CourierFeed topic to the present end, whenever it is its turn."""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaConsumer
from chophien.shipping.v1 import courier_feed_pb2

TOPIC = "chophien.shipping.v1.CourierFeed"


class Feed:
    """The topic of one partner, read in the partner's own group; what was handled is committed."""

    def __init__(self, partner_id: str, kafka_bootstrap: str) -> None:
        """Nothing is opened before the first look."""
        self._topic = f"{TOPIC}.{partner_id}"
        self._settings: dict[str, Any] = {
            "bootstrap_servers": kafka_bootstrap,
            "group_id": partner_id,
            "client_id": partner_id,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
        }
        self._consumer: AIOKafkaConsumer | None = None

    async def fresh(self) -> list[Any]:
        """CourierFeed messages since the last look, each partition in its order.

        Between looks the consumer is paused: behind a fetch that waits for news every other question would wait too.
        """
        consumer = await self._opened()
        partitions = consumer.assignment()
        ends = await consumer.end_offsets(partitions)
        behind = [each for each in partitions if await consumer.position(each) < ends[each]]
        found = []
        consumer.resume(*behind)
        while behind:
            for records in (await consumer.getmany(*behind, timeout_ms=50)).values():
                found += [courier_feed_pb2.CourierFeed.FromString(record.value) for record in records]
            behind = [each for each in behind if await consumer.position(each) < ends[each]]
        consumer.pause(*partitions)
        if found:
            await consumer.commit()
        return found

    async def _opened(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            self._consumer = AIOKafkaConsumer(self._topic, **self._settings)
            await self._consumer.start()
            self._consumer.pause(*self._consumer.assignment())
        return self._consumer

    async def close(self) -> None:
        """Leave the group."""
        if self._consumer is not None:
            await self._consumer.stop()
