"""The base of every value: frozen, closed, and with one canonical JSON form."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen record; unknown fields, NaN and infinities are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def canonical_json(data: Any) -> str:
    r"""Write JSON in the one form that hashes and byte-stable files rely on.

    Parameters
    ----------
    data
        Anything made of dicts, lists, strings, finite numbers, booleans and ``None``.

    Returns
    -------
    str
        Sorted keys, no white space, ASCII only.

    Examples
    --------
    >>> canonical_json({"b": 1, "a": ["ä"]})
    '{"a":["\\u00e4"],"b":1}'
    """
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def content_hash(data: Any) -> str:
    """Hash anything that JSON can hold by its canonical form.

    Returns
    -------
    str
        64 hexadecimal digits of SHA-256.
    """
    return hashlib.sha256(canonical_json(data).encode()).hexdigest()
