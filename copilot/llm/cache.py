"""Valid replies kept from run to run; never trusted blindly, never the reason a run fails."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from copilot.domain.text import one_line
from copilot.domain.value import content_hash
from copilot.llm.completer import Completion

_APPLICATION = 0x0C0B1107
"""Marks a file as ours, so that no other program's database is ever written to."""
_LAYOUT = 1
_BUSY_S = 1.0
_TRIES = 2


def cache_key(base_url: str, request_key: str) -> str:
    """Identify a request at an endpoint: 64 hexadecimal digits."""
    return content_hash({"base_url": base_url.rstrip("/"), "request": request_key})


class AnswerCache:
    """A sqlite3 file of valid replies.

    A corrupt file, or one that is not ours, is renamed and a new one begun. Where nothing can be kept (no rights, a
    full disk, a folder in its place) one warning says so and the run goes on.

    Parameters
    ----------
    path
        The file; folders are made. Only its owner may read it.
    warn
        Is given one line for people.
    """

    def __init__(self, path: Path, warn: Callable[[str], None]) -> None:
        self._path = path
        self._warn = warn
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._readable = True
        self._writable = True

    def get(self, key: str) -> Completion | None:
        """Find a reply; ``None`` if there is none, or none that can be trusted."""
        if not self._readable:
            return None
        row = self._run("SELECT completion, digest FROM answers WHERE key = ?", (key,))
        if row is None or not isinstance(row[0], str) or row[1] != _digest(key, row[0]):
            return None
        try:
            answer = Completion.model_validate_json(row[0])
        except ValidationError:
            return None
        return answer.model_copy(update={"served_by": "cache", "attempts": 0})

    def put(self, key: str, completion: Completion) -> None:
        """Keep a reply that was read without error."""
        if self._readable and self._writable:
            text = completion.model_dump_json()
            self._run("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (key, text, _digest(key, text)))

    def close(self) -> None:
        """Close the file; it opens again when it is needed."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _run(self, statement: str, values: tuple[str, ...]) -> tuple[object, ...] | None:
        for _ in range(_TRIES):
            try:
                row = self._open().execute(statement, values).fetchone()
            except (sqlite3.OperationalError, OSError) as error:
                self._give_up(error)
                return None
            except (sqlite3.DatabaseError, _ForeignFileError) as error:
                if not self._set_aside(error):
                    return None
            else:
                return tuple(row) if row is not None else None
        return None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._inode = _make_private(self._path)
            connection = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
            try:
                _prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _give_up(self, error: OSError | sqlite3.OperationalError) -> None:
        """Go on without the cache, or without writing to it; a file that is merely busy is tried again next time."""
        told = one_line(str(error))
        if "locked" in told or "busy" in told:
            return
        if "readonly" in told or "full" in told:
            self._writable = False
        else:
            self._readable = False
            self.close()
        self._warn(f"the cache {one_line(str(self._path))} cannot be used ({told}); going on without it")

    def _set_aside(self, error: Exception) -> bool:
        """Rename a file that cannot be trusted, with the journals that belong to it; whether that worked."""
        self.close()
        with suppress(OSError):
            if self._path.stat().st_ino != self._inode:
                return True  # another process has replaced it already
        number = 1
        while (aside := self._path.with_name(f"{self._path.name}.corrupt-{number}")).exists():
            number += 1
        try:
            self._path.rename(aside)
            for suffix in ("-journal", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    self._path.with_name(self._path.name + suffix).rename(aside.with_name(aside.name + suffix))
        except FileNotFoundError:
            return True  # another process was faster
        except OSError as problem:
            self._give_up(problem)
            return False
        self._warn(
            f"the cache {one_line(str(self._path))} cannot be trusted ({one_line(str(error))}); "
            f"it was set aside as {aside.name}, and a new one begun"
        )
        return True


class _ForeignFileError(Exception):
    """A good database, but not one of ours."""


def _make_private(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is no file")
    with suppress(OSError):
        path.chmod(0o600)
    return status.st_ino


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")
    if _is_ours(connection):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not _is_ours(connection):  # another process may have made it meanwhile
            _lay_out(connection)
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _lay_out(connection: sqlite3.Connection) -> None:
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise _ForeignFileError("it holds something else, or an older layout")
    connection.execute("CREATE TABLE answers (key TEXT PRIMARY KEY, completion TEXT NOT NULL, digest TEXT)")
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {_LAYOUT}")


def _is_ours(connection: sqlite3.Connection) -> bool:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    layout = connection.execute("PRAGMA user_version").fetchone()[0]
    return bool(application == _APPLICATION and layout == _LAYOUT)


def _digest(key: str, text: str) -> str:
    return hashlib.sha256(f"{key}\n{text}".encode()).hexdigest()
