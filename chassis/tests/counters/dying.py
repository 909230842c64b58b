"""Runs the counters' consumer or relay in a process that dies at a crash point: role, database, kafka, mark, point."""

from __future__ import annotations

import asyncio
import sys

from chassis.kafka import Consumer
from chassis.relay import Relay
from chassis.wiring import Health
from sqlalchemy.ext.asyncio import create_async_engine

from chassis import crash
from counters.given import dispatcher
from counters.stack import own_service


async def main(role: str, database: str, kafka: str, mark: str, point: str) -> None:
    crash.arm(point)
    one = dispatcher(create_async_engine(database))
    one.service = own_service(mark)
    if role == "consume":
        await Consumer(one, kafka, Health()).run(asyncio.Event())
    else:
        await Relay(one.engine, kafka, one.service.name, one.said, Health()).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
