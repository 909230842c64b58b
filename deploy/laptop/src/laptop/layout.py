"""Where everything of a run folder is: ports, addresses, tokens, databases, logs; for launcher and onlookers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from laptop import environment, state
from laptop.environment import ROLES, SERVICES
from laptop.errors import StackError, told
from laptop.postgres import SUPERUSER, Postgres

PARTS = ("kafka", "postgres", "zipkin", "services")


class Layout:
    """The addresses and secrets of one run folder; `load` draws the missing ones and reads the rest."""

    def __init__(
        self, run_dir: Path, parts: list[str], split: bool, sampling: float, extra_env: Mapping[str, str]
    ) -> None:
        self.run_dir, self.parts, self.split = run_dir, parts, split
        self.stack_file = run_dir / "stack.json"
        self.tokens_file = run_dir / "tokens.json"
        self.ports_file = run_dir / "ports.json"
        self.ports: dict[str, int] = {}
        self.tokens: dict[str, str] = {}
        self._sampling, self._extra_env = sampling, extra_env
        self._fsync = True

    @classmethod
    def attach(cls, run_dir: Path | str) -> Layout:
        """The layout of a stack that another process runs; raises StackError when none does."""
        home = Path(run_dir).resolve()
        with told(home):
            running = state.read_json(home / "stack.json") if state.Ownership(home).owner() else {}
            if not running:
                raise StackError(f"nothing runs from {home}; `make up` starts it")
            return Layout(home, running["parts"], running["split"], 1.0, {}).load()

    def load(self) -> Self:
        """Reads ports, tokens and passwords; what is missing is drawn and remembered."""
        self.ports = state.reserve_ports(self.ports_file, environment.port_names())
        self.tokens = {each["identity"]: each["token"] for each in state.tokens(self.tokens_file, SERVICES)}
        passwords = state.passwords(self.run_dir / "passwords.json", [SUPERUSER, *SERVICES])
        self.postgres = Postgres(self.run_dir / "postgres", self.ports["postgres"], passwords, self._fsync)
        return self

    def roles(self) -> list[tuple[str, str]]:
        """The (service, role) pairs that this stack runs, one process each."""
        return [(service, role) for service in SERVICES for role in (ROLES if self.split else ("all",))]

    def env(self, service: str, role: str) -> dict[str, str]:
        """The environment of one role, without what it inherits."""
        zipkin = self.zipkin_url if "zipkin" in self.parts else None
        return {
            **environment.common(self.ports, self.tokens_file, zipkin, self._sampling),
            **environment.own(service, role, self.ports, self.tokens[service], self.database_url(service)),
            **self._extra_env,
        }

    @property
    def kafka_bootstrap(self) -> str:
        """host:port of the broker."""
        return f"127.0.0.1:{self.ports['kafka']}"

    @property
    def zipkin_url(self) -> str:
        """The address of the trace viewer."""
        return f"http://127.0.0.1:{self.ports['zipkin']}"

    def trace_url(self, trace_id: str) -> str:
        """Where a person can look at a trace."""
        return f"{self.zipkin_url}/zipkin/traces/{trace_id}"

    def database_url(self, service: str) -> str:
        """The address of a service's database, with its role and password, for SQLAlchemy with asyncpg."""
        return self.postgres.url(service, service)

    def address(self, service: str, role: str) -> str:
        """host:port where a role answers health checks (and RPCs, if it serves)."""
        return f"127.0.0.1:{self.ports[environment.port_name(service, role)]}"

    def target(self, service: str) -> str:
        """host:port of a service's RPCs."""
        return self.address(service, "serve")

    def log_file(self, part: str) -> Path:
        """The log of a part: kafka, postgres, zipkin, or service.role."""
        return self.run_dir / "logs" / f"{part}.log"
