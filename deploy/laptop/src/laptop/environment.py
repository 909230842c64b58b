"""The environment variables and port names of the services' processes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

SERVICES = ("catalog", "orders", "payments", "shipping")
ROLES = ("serve", "consume", "relay", "tick")


def port_name(service: str, role: str) -> str:
    """The name of a role's port; a process of all roles is reached where the serving role would be."""
    return f"{service}.{'serve' if role == 'all' else role}"


def port_names() -> list[str]:
    """Every port the stack may need, split or not, so that they never change once drawn."""
    return ["kafka", "kafka.controller", "postgres", "zipkin", *(port_name(s, r) for s in SERVICES for r in ROLES)]


def common(ports: Mapping[str, int], tokens_file: Path, zipkin_url: str | None, sampling: float) -> dict[str, str]:
    """What every role of every service is told."""
    targets = {f"CHOPHIEN_TARGET_{each.upper()}": f"127.0.0.1:{ports[port_name(each, 'serve')]}" for each in SERVICES}
    return {
        **targets,
        "CHOPHIEN_KAFKA_BOOTSTRAP": f"127.0.0.1:{ports['kafka']}",
        "CHOPHIEN_KAFKA_REPLICATION": "1",
        "CHOPHIEN_TOKENS_FILE": str(tokens_file),
        "OTEL_TRACES_EXPORTER": "zipkin" if zipkin_url else "none",
        "OTEL_EXPORTER_ZIPKIN_ENDPOINT": f"{zipkin_url}/api/v2/spans" if zipkin_url else "",
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": str(sampling),
    }


def own(service: str, role: str, ports: Mapping[str, int], token: str, database_url: str) -> dict[str, str]:
    """What one role of one service is told besides."""
    listen = {} if role == "migrate" else {"CHOPHIEN_GRPC_LISTEN": f"127.0.0.1:{ports[port_name(service, role)]}"}
    return {
        **listen,
        "CHOPHIEN_DATABASE_URL": database_url,
        "CHOPHIEN_SERVICE_TOKEN": token,
        "OTEL_SERVICE_NAME": service,
    }
