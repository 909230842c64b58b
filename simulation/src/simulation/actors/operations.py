"""The operations desk: the officer who declares the pass closed, and the operator who looks at the runs in the end."""

from __future__ import annotations

from chophien.shipping.v1 import shipping_service_pb2 as shipping

from simulation import cast
from simulation.actor import Actor, Stage
from simulation.times import stamp


class Operations(Actor):
    """Officer of the commune and operator of the platform."""

    def __init__(self, stage: Stage) -> None:
        """Plan the closure and the last look."""
        super().__init__(stage)
        if self.script.closure:
            self.plan(self.script.closure[0], self._close_the_pass)
        self.plan(self.script.end, self._look_back)

    async def _close_the_pass(self) -> None:
        assert self.script.closure
        first, last = self.script.closure
        request = shipping.DeclareClosureRequest(
            request_id="closure-o-quy-ho",
            road_id=cast.PASS_ROAD,
            from_time=stamp(first),
            to_time=stamp(last),
            source="Sạt lở tại km 93, QL4D",
        )
        await self.line.call("officer", request)

    async def _look_back(self) -> None:
        page = ""
        while True:
            answer = await self.line.call("operator", shipping.ListBatchesRequest(page_token=page))
            for batch in answer.batches:
                await self.line.call("operator", shipping.GetBatchRequest(batch_id=batch.batch_id))
            page = answer.next_page_token
            if not page:
                return
