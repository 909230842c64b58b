"""What the contracts say a request never leaves empty is refused if it is: the comments are held to the services."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from tests.contract.good import GOOD, example
from tests.contract.test_comments import all_commented, files
from tests.contract.test_hearing import service
from tests.contract.test_rpcs import Answers, answers, methods
from tests.contract.topology import SERVICES

__all__ = ["answers", "files"]

NEVER = re.compile(r"\bNever (empty|unset|0|unspecified)\b")
TOKENS = {"buyer_channel": "channel", "partner": "partner-a"}
"""Who asks, by role; the other tokens are the roles themselves."""

MET_LATER = {
    "StartLivestream.host_verification.reference",
    "AcceptTender.request_id",
    "DeclineTender.request_id",
    "DeclineTender.reason",
    "ReportPickup.request_id",
}
"""What is looked at only after the sellers, the tender or the run of the example, which these services do not know."""


def without(message: Any, never: set[str], path: str) -> Iterator[str]:
    """Takes away one needed field after another, nested ones too; answers its name while it is not there."""
    for field, _value in message.ListFields():
        if f"{message.DESCRIPTOR.full_name}.{field.name}" in never:
            kept = type(message).FromString(message.SerializeToString())
            message.ClearField(field.name)
            yield f"{path}.{field.name}"
            message.CopyFrom(kept)
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            value = getattr(message, field.name)
            yield from without(value[0] if field.is_repeated else value, never, f"{path}.{field.name}")


@pytest.mark.parametrize("name", SERVICES)
async def test_what_is_never_empty_in_a_request_is_refused_when_it_is(
    answers: Answers, files: list[FileDescriptorProto], name: str
) -> None:
    never = {one.name for file in files for one in all_commented(file) if NEVER.search(one.comment)}
    for method in methods(name):
        roles = service(name).access[method.name]
        role = "partner" if "partner" in roles else min(roles)
        token = TOKENS.get(role, role)
        request = example(method.input_type, **GOOD.get(method.name, {}))
        assert (await answers.call(name, method, token, request))[0] not in ("INVALID_ARGUMENT", "UNAUTHENTICATED")
        for field in without(request, never, method.name):
            code, _reason = await answers.call(name, method, token, request)
            assert code == "INVALID_ARGUMENT" or (field in MET_LATER and code == "NOT_FOUND"), (field, code)
