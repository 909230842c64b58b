"""Reads the environment of a process once, into one frozen record, with every problem named at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

TARGET_PREFIX = "CHOPHIEN_TARGET_"


class SettingsError(Exception):
    """The environment is not usable; the message lists every problem, one a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a process is told from outside. Secrets are kept out of repr.

    `targets` maps a peer's name ("orders") to host:port; `kafka_replication` is that of topics that migrate makes.
    """

    service: str
    database_url: str = field(repr=False)
    kafka_bootstrap: str
    kafka_replication: int = 1
    grpc_listen: str = "127.0.0.1:0"
    tokens_file: Path | None = None
    service_token: str = field(default="", repr=False)
    targets: Mapping[str, str] = field(default_factory=dict)
    clock_file: Path | None = None
    crash_point: str = ""
    parent_pid: int | None = None
    log_level: str = "INFO"


class _Reader:
    """Takes variables one by one and remembers what was wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        return self.environ.get(name, "").strip() or default

    def required(self, name: str, example: str) -> str:
        value = self.text(name)
        if not value:
            self.problems.append(f"{name} is not set (for example {example})")
        return value

    def number(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if value.isascii() and value.isdigit() and int(value) > 0:
            return int(value)
        self.problems.append(f"{name} must be a whole number above 0, not {value!r}")
        return default

    def path(self, name: str) -> Path | None:
        value = self.text(name)
        return Path(value) if value else None

    def address(self, name: str, default: str = "") -> str:
        value = self.text(name, default)
        host, _, port = value.rpartition(":")
        if not (host and port.isascii() and port.isdigit() and int(port) < 65536):
            self.problems.append(f"{name} must be host:port, not {value!r}")
        return value

    def database(self, name: str) -> str:
        value = self.required(name, "postgresql+asyncpg://orders@127.0.0.1:5432/orders")
        if value.startswith("postgresql://"):  # as CloudNativePG and most others write it
            value = value.replace("postgresql://", "postgresql+asyncpg://", 1)
        if value and not value.startswith("postgresql+asyncpg://"):
            self.problems.append(f"{name} must start with postgresql+asyncpg:// or postgresql://")
        return value

    def level(self, name: str) -> str:
        value = self.text(name, "INFO").upper()
        if value not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            self.problems.append(f"{name} must be DEBUG, INFO, WARNING or ERROR, not {value!r}")
        return value


def read_settings(service: str, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process; raises SettingsError naming every variable that is missing or wrong."""
    reader = _Reader(environ)
    settings = Settings(
        service=service,
        database_url=reader.database("CHOPHIEN_DATABASE_URL"),
        kafka_bootstrap=reader.required("CHOPHIEN_KAFKA_BOOTSTRAP", "127.0.0.1:9092"),
        kafka_replication=reader.number("CHOPHIEN_KAFKA_REPLICATION", 1),
        grpc_listen=reader.address("CHOPHIEN_GRPC_LISTEN", "127.0.0.1:0"),
        tokens_file=reader.path("CHOPHIEN_TOKENS_FILE"),
        service_token=reader.text("CHOPHIEN_SERVICE_TOKEN"),
        targets={
            name.removeprefix(TARGET_PREFIX).lower(): reader.address(name)
            for name in environ
            if name.startswith(TARGET_PREFIX)
        },
        clock_file=reader.path("CHOPHIEN_CLOCK_FILE"),
        crash_point=reader.text("CHOPHIEN_CRASH_POINT"),
        parent_pid=reader.number("CHOPHIEN_PARENT_PID", 1) if reader.text("CHOPHIEN_PARENT_PID") else None,
        log_level=reader.level("CHOPHIEN_LOG_LEVEL"),
    )
    if reader.problems:
        raise SettingsError("\n".join(reader.problems))
    return settings


def quieten_libraries() -> None:
    """Keep grpc's core off standard error; what it says there comes back as exceptions and status codes as well."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
