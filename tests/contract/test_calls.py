"""Who calls whom is exactly what the topology says: read from the code of the services, in both directions."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor_pool import Default as pool

from tests.contract.test_hearing import service
from tests.contract.topology import CALLS, SERVICES

ROOT = Path(__file__).parents[2] / "services"
STUB = "Stub"
OWN_WAY = ("insecure_channel", "secure_channel", "grpc_client", "TARGET_PREFIX", "CHOPHIEN_TARGET_", ".targets")
"""Ways to reach a peer past the runtime's channels; no service takes them."""

CALLING = """
from chophien.orders.v1 import orders_service_pb2_grpc as theirs
async def contacts(self):
    orders = theirs.OrdersServiceStub(self._runtime.channel("orders"))
    return await orders.GetContacts(None, timeout=1)
"""

MADE_ONLY = """
from chophien.orders.v1.orders_service_pb2_grpc import OrdersServiceStub
handed_on(OrdersServiceStub(channel))
"""


def sources(name: str) -> Iterator[str]:
    """The code of a service."""
    return (path.read_text() for path in sorted((ROOT / name / "src" / name).rglob("*.py")))


def peers_of(source: str) -> set[str]:
    """Peers whose channel is asked of a runtime; fails if a name is not written out."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in ("channel", "channels") and ast.unparse(node.func.value).endswith("runtime"):
            (peer,) = node.args
            assert isinstance(peer, ast.Constant) and isinstance(peer.value, str), ast.unparse(node)
            found.add(peer.value)
    return found


def calls_of(source: str) -> set[str]:
    """RPCs, as package.Service/Method, that the code calls on stubs; one it makes and never calls stands alone."""
    tree = ast.parse(source)
    modules = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    called = {node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "attr")}
    found = set()
    for node in ast.walk(tree):
        name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if name.endswith(STUB):
            first, _, rest = name.partition(".")
            module = modules[first] if rest else modules[first].rpartition(".")[0]
            stub = f"{module.rpartition('.')[0]}.{(rest or first).removesuffix(STUB)}"
            found |= {f"{stub}/{method}" for method in methods(stub) & called} or {stub}
    return found


def methods(service_name: str) -> set[str]:
    """RPCs of a service of the contracts."""
    package, _, short = service_name.rpartition(".")
    file = "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(short))
    importlib.import_module(f"{package}.{file}_pb2")
    return {method.name for method in pool().FindServiceByName(service_name).methods}


def callee(call: str) -> str:
    """The service that answers a call."""
    return call.removeprefix("chophien.").partition(".")[0]


@pytest.mark.parametrize("name", SERVICES)
def test_who_calls_whom_is_in_the_topology(name: str) -> None:
    """The one call between services: couriers' manifests need the buyers' contacts."""
    wanted = set(CALLS.get(name, ()))
    assert {call for source in sources(name) for call in calls_of(source)} == wanted
    assert {peer for source in sources(name) for peer in peers_of(source)} == {callee(call) for call in wanted}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_reaches_its_peers_through_its_runtime_alone(name: str) -> None:
    """Only there a call carries a deadline, our identity and the trace."""
    assert [way for source in sources(name) for way in OWN_WAY if way in source] == []


def test_every_call_of_the_topology_is_answered_to_services() -> None:
    assert set(CALLS) <= set(SERVICES)
    for call in (call for calls in CALLS.values() for call in calls):
        full, _, method = call.partition("/")
        assert method in methods(full)
        assert "service" in service(callee(call)).access[method]


def test_a_call_that_nobody_declared_is_found() -> None:
    assert calls_of(CALLING) == {"chophien.orders.v1.OrdersService/GetContacts"}
    assert calls_of(CALLING.replace("GetContacts", "GetOrder")) == {"chophien.orders.v1.OrdersService/GetOrder"}
    assert calls_of(MADE_ONLY) == {"chophien.orders.v1.OrdersService"}
    assert calls_of("import asyncio") == set()
    assert peers_of(CALLING) == {"orders"}
