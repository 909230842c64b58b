"""A sample courier partner: hears its own feed on Kafka and accepts the runs it is offered.

usage: python examples/courier_partner.py BOOTSTRAP HOST:PORT TOKEN PARTNER_ID [SECONDS]
"""

from __future__ import annotations

import asyncio
import sys
import time

import grpc
import grpc.aio
from aiokafka import AIOKafkaConsumer
from chophien.shipping.v1.courier_feed_pb2 import CourierFeed, TenderOffered
from chophien.shipping.v1.courier_service_pb2 import AcceptTenderRequest, DeclineTenderRequest, GetManifestRequest
from chophien.shipping.v1.courier_service_pb2_grpc import CourierServiceStub

DEADLINE_SECONDS = 10.0
CAPACITY_G = 300_000
Metadata = tuple[tuple[str, str], ...]


async def answer(couriers: CourierServiceStub, batch_id: str, offer: TenderOffered, metadata: Metadata) -> None:
    """Take the run if the van carries it. The tender's id as request_id makes a second answer harmless."""
    weight_g = sum(parcel.size.weight_g for parcel in offer.parcels)
    try:
        if weight_g > CAPACITY_G:
            request = DeclineTenderRequest(
                request_id=f"decline-{offer.tender_id}", tender_id=offer.tender_id, reason="OVER_CAPACITY"
            )
            await couriers.DeclineTender(request, timeout=DEADLINE_SECONDS, metadata=metadata)
            print("declined:", batch_id, f"{weight_g / 1000:.1f} kg", flush=True)
            return
        accept = AcceptTenderRequest(request_id=f"accept-{offer.tender_id}", tender_id=offer.tender_id)
        await couriers.AcceptTender(accept, timeout=DEADLINE_SECONDS, metadata=metadata)
        manifest = await couriers.GetManifest(
            GetManifestRequest(batch_id=batch_id), timeout=DEADLINE_SECONDS, metadata=metadata
        )
        print("accepted:", batch_id, "parcels:", manifest.parcels, "hub:", manifest.hub_id, flush=True)
    except grpc.aio.AioRpcError as error:
        if error.code() != grpc.StatusCode.FAILED_PRECONDITION:
            raise
        print("no longer ours:", batch_id, error.details(), flush=True)


async def main(bootstrap: str, target: str, token: str, partner_id: str, seconds: str = "inf") -> None:
    """Hear the feed until the time is up; offsets are committed after the answer, so nothing is missed."""
    until = time.monotonic() + float(seconds)
    consumer = AIOKafkaConsumer(
        f"chophien.shipping.v1.CourierFeed.{partner_id}",
        bootstrap_servers=bootstrap,
        group_id=f"{partner_id}-sample",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    async with consumer, grpc.aio.insecure_channel(target) as channel:
        couriers = CourierServiceStub(channel)
        while time.monotonic() < until:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    fact = CourierFeed.FromString(record.value)
                    if fact.WhichOneof("fact") == "tender_offered":  # kinds we do not know are skipped
                        metadata = (("authorization", f"Bearer {token}"),)
                        await answer(couriers, fact.batch_id, fact.tender_offered, metadata)
                await consumer.commit()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:6]))
