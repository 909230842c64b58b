"""Every refusal has a code, a message for people and a reason that callers find in the contract."""

from __future__ import annotations

import importlib
from pathlib import Path

import grpc
import pytest
from chassis.kernel import DomainError

from tests.contract.topology import SERVICES

PROTO = Path(__file__).parents[2] / "proto" / "chophien"


def refusals(service: str) -> list[type[DomainError]]:
    """The domain errors a service declares."""
    module = importlib.import_module(f"{service}.domain.errors")
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, DomainError) and value.__module__ == module.__name__
    ]


ALL = [
    pytest.param(service, error, id=f"{service}-{error.__name__}")
    for service in SERVICES
    for error in refusals(service)
]


@pytest.mark.parametrize(("service", "error"), ALL)
def test_a_refusal_is_found_in_the_contract(service: str, error: type[DomainError]) -> None:
    contract = "".join(path.read_text() for path in (PROTO / service / "v1").glob("*_service.proto"))
    reason = error.__new__(error).reason
    assert reason in contract


@pytest.mark.parametrize(("service", "error"), ALL)
def test_a_refusal_has_a_code_of_grpc_and_a_sentence(service: str, error: type[DomainError]) -> None:
    assert hasattr(grpc.StatusCode, error.code)
    assert (error.__doc__ or "").strip().splitlines()[0].endswith(".")
