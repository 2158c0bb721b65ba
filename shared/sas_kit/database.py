"""One way to a database, SQLite or PostgreSQL, and to its migrations."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    DisconnectionError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from sas_kernel.errors import SasError
from sas_kernel.text import Text
from sas_kit import direct

_URL = Text(
    "L’adresse de la base est illisible : sqlite:///fichier ou postgresql://hôte/base.",
    "The database URL cannot be read: sqlite:///file or postgresql://host/database.",
)
_TOO_NEW = Text(
    "Cette base a été écrite par une version plus récente : mettez cet outil à jour, ou nommez une autre base.",
    "This database was written by a newer version: update this tool, or name another database.",
)
_UNUSABLE = Text(
    "Base de données inutilisable ({why}) : vérifiez --database-url.",
    "The database cannot be used ({why}): check --database-url.",
)
_ENVIRONMENT = Path(__file__).resolve().parent / "alembic_environment"

_CONNECT: Final = 10.0  # seconds
_TRUSTED: Final = 1.0  # seconds

# What a driver raises when the server cannot be reached or takes nobody; SQLAlchemy passes these on as they are.
_UNREACHABLE: Final = (
    OSError,
    PoolTimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InternalClientError,  # of a connection that the server is about to close
    asyncpg.TooManyConnectionsError,
)
FAILURES: Final = (
    OSError,
    SQLAlchemyError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""Everything that a database or the way to it may raise; the driver's own leave unwrapped while connecting."""


class DatabaseUrlError(SasError, ValueError):
    """What names a database is no URL, or one of a database that we do not know."""


class DatabaseUnusableError(SasError):
    """A database cannot be reached, opened or migrated."""


class SchemaTooNewError(SasError):
    """A database was brought further than the migrations that we have."""


def parsed_url(url: str) -> sa.URL:
    """`DatabaseUrlError` where it is none; its text does not repeat it, since it may hold a password."""
    try:
        return sa.make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseUrlError(_URL) from None


def asynchronous_url(url: str) -> sa.URL:
    """The URL with the driver we use: `sqlite:///file` and `postgresql://…` are completed, others are refused."""
    parsed = parsed_url(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return parsed.set(drivername="sqlite+aiosqlite")
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+asyncpg")
    raise DatabaseUrlError(_URL)


class Database:
    """A pool of connections. `transaction` commits at its end or rolls back.

    `reading` opens no transaction: each statement sees what is committed when it runs, and two round trips are saved.

    Seconds: `wait` for a connection of the pool, and for the server to take one; `timeout` for each statement (None: as
    long as it takes, for migrations and the like). Beyond, what is raised is one of those that `translating` calls
    unavailable. SQLite, a file, knows a bound on the wait for another writer only.
    """

    def __init__(self, url: str, *, pool_size: int = 10, wait: float = 30.0, timeout: float | None = None) -> None:
        self.url = asynchronous_url(url)
        self.dialect = self.url.get_backend_name()
        pool: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": wait}
        # Parameters stay out of error messages, hence out of logs: they name people. The driver of SQLite would log
        # each of them where somebody asks every library for its details.
        logging.getLogger("aiosqlite").setLevel(logging.INFO)
        self._reading: dict[str, Any]
        if self.dialect == "sqlite":
            self._reading = {"sqlite_begin": None}
            self.engine: AsyncEngine = create_async_engine(self.url, hide_parameters=True, **pool)
            _prepare_sqlite(self.engine)
        else:
            self._reading = {"isolation_level": "AUTOCOMMIT"}
            bounds = {"timeout": min(wait, _CONNECT), "command_timeout": timeout}
            self.engine = create_async_engine(self.url, hide_parameters=True, connect_args=bounds, **pool)
            _ask_after_a_pause(self.engine)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        async with self.engine.connect() as connection:
            await connection.execution_options(**self._reading)
            yield connection

    @asynccontextmanager
    async def fetching(self) -> AsyncIterator[direct.Reader]:
        """`reading` for the few reads whose cost counts (`sas_kit.direct`), by the driver itself where that pays."""
        if self.dialect == "sqlite":
            async with self.reading() as connection:
                yield direct.Layered(connection)
        else:
            async with direct.lent(self.engine) as driver:
                yield driver

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        async with self.engine.connect() as connection:
            if self.dialect == "sqlite":
                # A deferred transaction that begins to write fails at once while another writes; this one waits.
                await connection.execution_options(sqlite_begin="IMMEDIATE")
            async with connection.begin():
                yield connection

    async def close(self) -> None:
        await self.engine.dispose()


def _ask_after_a_pause(engine: AsyncEngine) -> None:
    """Whether the server still knows a connection is asked when it was not used for a while, and not at each request:
    asking takes three round trips, a search one. Within the pause who gets a dead one is told that the server went."""

    @event.listens_for(engine.sync_engine, "checkin")
    def given_back(_connection: object, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def taken(connection: Any, record: Any, _proxy: object) -> None:
        since = record.info.get("idle_since")
        if since is None or time.monotonic() - since < _TRUSTED:
            return
        dialect = engine.sync_engine.dialect
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # the pool then opens another one


@contextmanager
def translating(*, unavailable: Callable[[], Exception], conflict: Callable[[], Exception]) -> Iterator[None]:
    """Errors of the database leave as the errors of whoever uses it: it does not answer, or a constraint refused."""
    try:
        yield
    except IntegrityError as error:
        raise conflict() from error
    except _UNREACHABLE as error:
        raise unavailable() from error
    except DBAPIError as error:
        unreadable = type(error) is DatabaseError  # what SQLite says of a file that is no database
        connecting = error.statement is None  # no such database any more, no such role, no more connections for it…
        gone = error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
        if unreadable or connecting or gone:
            raise unavailable() from error
        raise


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "busy_timeout=10000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: sa.Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "")
        if mode is not None:
            connection.exec_driver_sql(f"BEGIN {mode}".rstrip())


# --- migrations ------------------------------------------------------------------------------------------------------


def migrate(url: str, migrations: Path, revision: str = "head") -> None:
    """Bring the database to the newest revision of `migrations/versions`, or up to another one.

    Blocking, callable with or without a running loop, and safe when several workers start together.
    """
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, _migrate(url, migrations, revision)).result()


def migrate_or_tell(url: str, migrations: Path) -> None:
    """`migrate` for an entry point: `DatabaseUnusableError` says what is in the way."""
    try:
        parsed = asynchronous_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database and not Path(parsed.database).parent.is_dir():
            raise FileNotFoundError(f"{Path(parsed.database).parent}: no such folder")
        migrate(url, migrations)
    except (*FAILURES, ValueError) as error:
        driver = getattr(error, "orig", None) or error  # without the statement
        why = str(driver.__cause__ or driver).partition("\n")[0]
        raise DatabaseUnusableError(_UNUSABLE.format(why=why)) from error


async def _migrate(url: str, migrations: Path, revision: str) -> None:
    config = _config(migrations)
    scripts = ScriptDirectory.from_config(config)

    def upgrade(connection: sa.Connection) -> None:
        config.attributes["connection"] = connection
        options = {"version_table": _version_table(migrations)}
        there = MigrationContext.configure(connection, opts=options).get_current_revision()
        if there is not None and there not in {each.revision for each in scripts.walk_revisions()}:
            raise SchemaTooNewError(_TOO_NEW)
        command.upgrade(config, revision)

    database = Database(url)
    try:
        if database.dialect == "sqlite":
            # Journal mode and exclusive locks cannot change inside a transaction, so the first connection only opens.
            async with database.reading():
                pass
        async with database.transaction() as connection:
            if database.dialect == "postgresql":
                await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_lock_number(migrations)})")
            await connection.run_sync(upgrade)
    finally:
        await database.close()


async def is_current(database: Database, migrations: Path) -> bool:
    """Whether the database is at the newest revision of `migrations/versions`."""
    head = ScriptDirectory.from_config(_config(migrations)).get_current_head()

    def revision(connection: sa.Connection) -> str | None:
        options = {"version_table": _version_table(migrations)}
        return MigrationContext.configure(connection, opts=options).get_current_revision()

    async with database.reading() as connection:
        return await connection.run_sync(revision) == head


def _config(migrations: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_ENVIRONMENT))
    config.set_main_option("version_locations", str(migrations / "versions"))
    config.set_main_option("path_separator", "newline")
    config.attributes["version_table"] = _version_table(migrations)
    return config


def _version_table(migrations: Path) -> str:
    """Each service counts its own revisions, so that both may live in one database."""
    return f"{migrations.parent.name}_revision"


def _lock_number(migrations: Path) -> int:
    return int.from_bytes(hashlib.sha256(migrations.parent.name.encode()).digest()[:6], "big")
