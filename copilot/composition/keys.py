"""API keys in a file that only their owner can read, each bound to the address it was stored for."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from pydantic import SecretStr

from copilot.composition.endpoint import check_base_url, check_key
from copilot.composition.files import is_there, read_toml
from copilot.errors import ConfigurationError, UsageError

KEYS_FILE = "keys.toml"


def stored_key(base_url: str, folder: Path) -> SecretStr | None:
    """Find the key stored for an address; a key is never sent anywhere else than where it was stored for.

    Raises
    ------
    ConfigurationError
        If the file cannot be read, or is not what `store_key` writes.
    """
    return _read(folder / KEYS_FILE).get(base_url)


def store_key(base_url: str, key: str, folder: Path) -> Path:
    """Store the key of an address beside those of others; the file is readable by its owner alone.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ConfigurationError
        If the key cannot stand in an HTTP header, or the file there cannot be read.
    UsageError
        If the file cannot be written.
    """
    path = folder / KEYS_FILE
    try:
        checked, address = check_key(SecretStr(key)), check_base_url(base_url)
    except ValueError as error:
        raise ConfigurationError(
            "the key was not stored",
            reason=f"{str(error)[:1].upper()}{str(error)[1:].rstrip('.')}.",
            advice="Paste the key alone, on one line.",
        ) from None
    keys = {**_read(path), address: checked}
    lines = ["# Written by `copilot keys set`; one key per address.", ""]
    for url, secret in sorted(keys.items()):
        lines += [f"[{json.dumps(url)}]", f"key = {json.dumps(secret.get_secret_value())}", ""]
    _write_private(path, "\n".join(lines))
    return path


def _read(path: Path) -> dict[str, SecretStr]:
    """Read all keys."""
    if not is_there(path):
        return {}
    table = read_toml(path)
    try:
        return {url: check_key(SecretStr(_text(entry["key"]))) for url, entry in table.items()}
    except (KeyError, TypeError, ValueError):
        raise ConfigurationError(
            f"the keys in {str(path)!r} cannot be read",
            reason="It is not as `copilot keys set` writes it.",
            advice="Remove the file and store the keys anew with `copilot keys set`.",
        ) from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a key is text")
    return value


def _write_private(path: Path, content: str) -> None:
    """Write a file whole or not at all, at no moment readable by others."""
    part: str | None = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)  # mode 0600
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(part).replace(path)
    except OSError as error:
        raise UsageError(
            f"cannot write {str(path)!r}",
            reason=f"{error.strerror or error}.",
            advice="Make the folder writable, or set OPENAI_API_KEY instead.",
        ) from error
    finally:
        if part is not None:
            Path(part).unlink(missing_ok=True)
