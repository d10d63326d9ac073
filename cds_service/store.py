"""The store: what every worker on every machine has to know. SQLite, or PostgreSQL by URL.

Here: how it is opened, asked and written to; and the tokens that have been used, so that none
counts twice: of each a digest of its issuer and its `jti`, and until when it counts. What else is
in it: tables.py.
What cannot be asked or written raises StoreDown: nobody is let in because a database is away.

A store belongs to the process that opened it: open one after a fork, not before.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from hashlib import sha256
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    ExceptionContext,
    NullPool,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from cds_service.errors import ContentError, StoreDown
from cds_service.logs import raised
from cds_service.tables import used_tokens

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]

VERSION = "0002"
"""The newest of migrations/versions: what this code reads and writes."""

MOST_TOKENS = 1_000_000
"""Used tokens kept at most. At five minutes a token that is some 1,600 requests a second."""
KEPT_LONGER = timedelta(minutes=5)
"""After a token has expired: the clocks of several machines differ, and the slowest one may still
take for valid what the fastest one would forget."""
SWEEP_SECONDS = 60.0
SWEEP_AFTER = 1000  # Used tokens of one process: so many may be over the limit unnoticed.
BATCH = 500  # Rows removed at a time: SQLite lets nobody else write meanwhile.

ANSWER_SECONDS = 2.0
"""A request waits so long for the database, and then so long again if it must connect first."""
READ_SECONDS = 20.0
"""Whoever reads much (insight) waits so long for each answer. Nobody waits for that reader."""
START_SECONDS = 60.0
"""At start: another worker may be bringing the database up to date."""
_LOCK = 0x5C0DE_A15  # An arbitrary number: PostgreSQL's advisory locks are named by numbers.

_MARK = {
    name: insert(used_tokens).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_UNMARK = delete(used_tokens).where(used_tokens.c.token == bindparam("token"))
_EXPIRED = (
    select(used_tokens.c.token)
    .where(used_tokens.c.until < bindparam("before"))
    .limit(BATCH)
    .with_for_update(skip_locked=True)  # Left to another instance's sweep. SQLite has no such.
)
_SWEEP = delete(used_tokens).where(used_tokens.c.token.in_(_EXPIRED))


def _digest(issuer: str, jti: str) -> bytes:
    """Other issuers' tokens have other digests, whatever either writes into iss and jti."""
    named = f"{len(issuer)}:{issuer}{jti}"
    return sha256(named.encode("utf-8", "surrogatepass")).digest()


def _no_room(most: int) -> StoreDown:
    return StoreDown(f"the store holds {most} used tokens, its limit, and takes no more")


class MemoryReplay:
    """Used tokens of one process, in its memory."""

    def __init__(self, clock: Clock, most_tokens: int = 100_000) -> None:
        self._clock = clock
        self._most = most_tokens
        self._used: set[bytes] = set()
        self._by_expiry: list[tuple[datetime, bytes]] = []
        self._lock = threading.Lock()

    def first_use(self, issuer: str, jti: str, until: datetime) -> bool:
        """Whether this token is new; from now on it is not. Raises StoreDown when full."""
        token, now = _digest(issuer, jti), self._clock()
        with self._lock:
            while self._by_expiry and self._by_expiry[0][0] < now:
                self._used.discard(heappop(self._by_expiry)[1])
            if token in self._used:
                return False
            if len(self._used) >= self._most:
                raise _no_room(self._most)
            self._used.add(token)
            heappush(self._by_expiry, (until, token))
            return True


class Store:
    """One database. Safe to use from several threads, processes and machines at once."""

    def __init__(self, url: str, clock: Clock, most_tokens: int = MOST_TOKENS) -> None:
        """Opens the database and brings it up to date. Raises ContentError saying what is wrong."""
        address = _address(url)
        _prepare(address)
        self._clock = clock
        self._most = most_tokens
        # SQLite has one writer at a time. PostgreSQL's connections are dear to it, and few do.
        size = 1 if _is_sqlite(address) else 4
        self._engine = _engine(
            address, ANSWER_SECONDS, pool_size=size, max_overflow=0, pool_pre_ping=True
        )
        # One for each connection. Threads that wait in the pool itself may do so for seconds while
        # others overtake them: it wakes one, which comes too late again where processors are busy.
        self._turns = [threading.Lock() for _ in range(size)]
        self._uses = count()
        self._apart = _engine(address, ANSWER_SECONDS, poolclass=NullPool)
        self._reading = _engine(address, READ_SECONDS, poolclass=NullPool)
        self._mark = _MARK[self._engine.dialect.name]
        self._counting = threading.Lock()
        self._counted, self._since = 0, 0
        self.sweeps = 0
        """How often the used tokens have been counted: what `_since` holds twice is gone then."""
        self._wake, self._closed = threading.Event(), threading.Event()
        self._sweeper = threading.Thread(target=self._keep_sweeping, name="store", daemon=True)
        self._sweeper.start()

    def close(self) -> None:
        """Let go of the database. A closed store is not used again."""
        self._closed.set()
        self._wake.set()
        self._sweeper.join(ANSWER_SECONDS)
        self._engine.dispose()

    def first_use(self, issuer: str, jti: str, until: datetime) -> bool:
        """Whether this token is new, everywhere; from now on it is not.

        Of several at once exactly one is told so. Raises StoreDown when the database does not
        answer, or holds as many tokens as it may. A token is forgotten some time after `until`.
        """
        if self._is_full():
            raise _no_room(self._most)
        row = {"token": _digest(issuer, jti), "until": math.ceil(until.timestamp())}
        with self.connection() as connection:
            is_new = connection.execute(self._mark, row).rowcount == 1
        if is_new:
            self._count_one()
        return is_new

    def is_well(self) -> bool:
        """Whether tokens could be taken just now. Costs about as much as one.

        It writes, and leaves nothing: what changes nothing would succeed on a full disk.
        """
        if self._is_full():
            return False
        probe = {"token": os.urandom(32), "until": 0}
        try:
            with self.transaction() as connection:
                connection.execute(self._mark, probe)
                connection.execute(_UNMARK, {"token": probe["token"]})
        except StoreDown:
            return False
        return True

    def sweep(self) -> None:
        """Forget expired tokens and count the others. Runs by itself every minute or so."""
        before = math.floor((self._clock() - KEPT_LONGER).timestamp())
        with self._apart.connect() as connection:
            while connection.execute(_SWEEP, {"before": before}).rowcount == BATCH:
                if self._closed.wait(0.01):  # Lets other writers in, too.
                    return
            with self._counting:
                self._since = 0
            some = select(used_tokens.c.until).limit(self._most).subquery()
            counted = connection.execute(select(func.count()).select_from(some)).scalar_one()
        with self._counting:
            self._counted = counted
            self.sweeps += 1
        if counted >= self._most:
            log.error("the store holds %d used tokens, its limit: callers are refused", counted)

    def _is_full(self) -> bool:
        return self._counted + self._since >= self._most

    def _count_one(self) -> None:
        with self._counting:
            self._since += 1
            is_much = self._since % SWEEP_AFTER == 0
        if is_much:
            self._wake.set()

    def _keep_sweeping(self) -> None:
        while not self._closed.is_set():
            self._wake.clear()
            try:
                self.sweep()
            except Exception as problem:
                log.warning("used tokens could not be swept", extra=raised(problem))
            self._wake.wait(SWEEP_SECONDS)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """One connection, for statements that are done soon. Raises StoreDown."""
        turn = self._turns[next(self._uses) % len(self._turns)]
        if not turn.acquire(timeout=ANSWER_SECONDS):
            raise StoreDown("the store does not answer (too many wait for it)")
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as problem:
            # The driver's own words may quote what was written: they stay out of the log.
            raise StoreDown(f"the store does not answer ({_name(problem)})") from None
        finally:
            turn.release()

    @contextmanager
    def transaction(self, is_durable: bool = False) -> Iterator[Connection]:
        """All of what is written or nothing. Raises StoreDown: then it is nothing, or not known.

        `is_durable`: at its end the database has it on the disk, whatever it does with the rest.
        """
        with self.connection() as connection:
            is_sqlite = connection.dialect.name == "sqlite"
            if is_durable and is_sqlite:
                connection.execute(text("PRAGMA synchronous=FULL"))
            connection.execute(text("BEGIN IMMEDIATE" if is_sqlite else "BEGIN"))
            if is_durable and not is_sqlite:
                connection.execute(text(_WAIT_FOR_DISK))
            try:
                yield connection
                connection.execute(text("COMMIT"))
            except BaseException:
                with suppress(SQLAlchemyError):
                    connection.execute(text("ROLLBACK"))
                raise
            finally:
                if is_durable and is_sqlite:
                    with suppress(SQLAlchemyError):
                        connection.execute(text("PRAGMA synchronous=NORMAL"))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection apart, to read much as of one moment. Raises StoreDown."""
        is_sqlite = self._reading.dialect.name == "sqlite"
        try:
            with self._reading.connect() as connection:
                connection.execute(text("BEGIN" if is_sqlite else _BEGIN_READING))
                if is_sqlite:
                    _end_after(connection, READ_SECONDS)
                yield connection
        except SQLAlchemyError as problem:
            raise StoreDown(f"the store does not answer ({_name(problem)})") from None


# The URL may have turned it off, to spare each token the waiting.
_WAIT_FOR_DISK = (
    "SELECT set_config('synchronous_commit', 'on', true) "
    "WHERE current_setting('synchronous_commit') = 'off'"
)
_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


def _end_after(connection: Connection, seconds: float) -> None:
    """SQLite has no timeout of its own for what it is asked."""
    driver: Any = connection.connection.driver_connection
    end = time.monotonic() + seconds
    driver.execute("PRAGMA query_only=1").close()
    driver.set_progress_handler(lambda: time.monotonic() > end, 100_000)


# -- Opening ---------------------------------------------------------------------------------------


def _address(url: str) -> URL:
    """The parts of the setting. What is wrong is said without it: it may hold a password."""
    if url.count("@") > 1:
        # Parts of the password would be taken for the host, and named in messages as such.
        raise ContentError("CDS_STORE: write an @ inside user or password as %40")
    try:
        address = make_url(url)
    except Exception:
        raise ContentError(
            "CDS_STORE is no database URL: sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
        ) from None
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    if address.drivername == "postgresql+psycopg":
        return address
    if not _is_sqlite(address):
        raise ContentError(
            "CDS_STORE must begin with sqlite:///, or with postgresql+psycopg:// and two slashes"
        )
    if address.host or address.query or address.database in (None, "", ":memory:"):
        raise ContentError("CDS_STORE: for SQLite write sqlite:///FILE (or sqlite:////FOLDER/FILE)")
    return address


def _is_sqlite(address: URL) -> bool:
    return address.drivername in ("sqlite", "sqlite+pysqlite")


def _engine(address: URL, seconds: float, **pool: Any) -> Engine:
    """Every statement is a transaction of its own: one round trip, and atomic as it is."""
    # Parameters in an error message would be tokens' digests, and one day more.
    common: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "hide_parameters": True}
    if _is_sqlite(address):
        engine = create_engine(address, connect_args={"timeout": seconds}, **common, **pool)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "handle_error", _let_go)
        event.listen(engine, "handle_error", _distrust)
        return engine
    waiting = {
        "autocommit": True,
        "connect_timeout": max(2, math.ceil(ANSWER_SECONDS)),  # The least; below 1 is for ever.
        "keepalives_idle": 30,
        "tcp_user_timeout": int(seconds * 1000),
        "application_name": "als-leukemia-cds",
    }
    engine = create_engine(address, connect_args=waiting, **common, **pool)
    event.listen(engine, "handle_error", _distrust)
    connecting = _bounded(seconds)

    @event.listens_for(engine, "do_connect")
    def connect(dialect: object, record: object, given: Any, named: dict[str, Any]) -> Any:
        return connecting(*given, **named)

    return engine


def _distrust(context: ExceptionContext) -> None:
    # Each connection is opened anew before it is used again. This one may yet get the answer that
    # was not waited for; and the others may lead where it did, to a server that is gone, or that
    # has become a standby and only reads.
    context.is_disconnect = True


def _let_go(context: ExceptionContext) -> None:
    # What is distrusted is closed, and yet holds the lock of its transaction until its last
    # statement is collected as garbage: nobody else could write until then.
    if context.connection is not None:  # None: it is still being opened.
        with suppress(Exception):
            driver: Any = context.connection.connection.driver_connection
            driver.rollback()


def _set_up_sqlite(connection: Any, record: object) -> None:
    # With WAL, NORMAL loses nothing when a process dies. When the machine loses power it may lose
    # the last moments before (never the file): then a token stolen in those moments could be used
    # until it expires. FULL would wait for the disk at each request.
    connection.execute("PRAGMA synchronous=NORMAL").close()


Connect = Callable[..., Any]
Result = TypeVar("Result")


def _bounded(seconds: float) -> Connect:
    """How psycopg connects, with an end to all waiting.

    The server ends its own statements in time, unless it hangs itself: then only we can.
    """
    import psycopg

    class Bounded(psycopg.Connection[Any]):
        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            return super().wait(gen, interval, seconds + 1 if timeout is None else timeout)

    def connect(*given: Any, **named: Any) -> psycopg.Connection[Any]:
        connection = Bounded.connect(*given, **named)
        try:
            connection.execute(f"SET statement_timeout = {int(seconds * 1000)}".encode())
        except BaseException:
            connection.close()
            raise
        return connection

    return connect


def _prepare(address: URL) -> None:
    """Make the database what VERSION says it is."""
    if _is_sqlite(address):
        _create_file(Path(address.database or ""))
    try:
        engine = _engine(address, START_SECONDS, poolclass=NullPool)
        with engine.connect() as connection:
            if _is_sqlite(address):
                _write_ahead(connection)
            if _version(connection) != VERSION:
                _migrate(connection)
    except ImportError:
        raise ContentError(
            "CDS_STORE: PostgreSQL needs its driver: install als-leukemia-cds[postgres]"
        ) from None
    except (SQLAlchemyError, ValueError) as problem:  # ValueError: no name of a host.
        raise ContentError(
            f"CDS_STORE: the database cannot be opened: {_reason(address, problem)}"
        ) from None


def _create_file(path: Path) -> None:
    """For this user alone; SQLite gives the files beside it the same rights. Else as it is."""
    if not path.parent.is_dir():
        raise ContentError(f"CDS_STORE: there is no folder {path.parent}; make it first")
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as problem:
        raise ContentError(
            f"CDS_STORE: {path} cannot be made: {problem.strerror}; let the service write there"
        ) from None


def _write_ahead(connection: Connection) -> None:
    """https://www.sqlite.org/wal.html: nobody who reads waits for who writes, nor the reverse."""
    mode = connection.execute(text("PRAGMA journal_mode=WAL")).scalar_one()
    if mode != "wal":
        raise ContentError(
            "CDS_STORE: SQLite cannot write ahead (WAL) there: a local disk is needed; "
            "several machines share PostgreSQL"
        )


def _version(connection: Connection) -> str | None:
    """The version of the database; None where it is new."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _migrate(connection: Connection) -> None:
    """All of it or nothing, by one process while the others wait for it."""
    is_sqlite = connection.dialect.name == "sqlite"
    connection.execute(text("BEGIN IMMEDIATE" if is_sqlite else "BEGIN"))
    try:
        if not is_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        found = _version(connection)
        if found != VERSION:
            _upgrade(connection, found)
        connection.execute(text("COMMIT"))
    except BaseException:
        with suppress(SQLAlchemyError):
            connection.execute(text("ROLLBACK"))
        raise


_UPGRADING = threading.Lock()
"""alembic keeps what it works on in globals: two threads of one process would swap databases."""


def _upgrade(connection: Connection, found: str | None) -> None:
    # It tells which of its own parts it loads; the log would have their places only.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # Imported here: most starts find the database up to date, and alembic takes 0.2 s.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    logging.getLogger("alembic").setLevel(logging.WARNING)  # Else it tells of its own parts.
    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    known = {each.revision for each in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise ContentError(
            f"CDS_STORE: the database is of a newer version than this service, which knows up to "
            f"{VERSION}: start the newer service, or restore the database from before it"
        )
    config.attributes["connection"] = connection
    with _UPGRADING:
        command.upgrade(config, VERSION)


def _name(problem: BaseException) -> str:
    """What went wrong, as a code: it repeats nothing that anybody wrote."""
    cause = getattr(problem, "orig", None) or problem
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    return f"{type(cause).__name__} {code}" if code else type(cause).__name__


def _reason(address: URL, problem: Exception) -> str:
    """In the driver's words, which help more, unless they repeat a secret."""
    words = " ".join(str(problem.orig).split()) if isinstance(problem, DBAPIError) else ""
    options = [address.query.get(name, "") for name in ("password", "sslpassword")]
    secrets = [secret for secret in (address.password, *options) if secret]
    if not words or any(str(secret) in words for secret in secrets):
        return _name(problem)
    return words
