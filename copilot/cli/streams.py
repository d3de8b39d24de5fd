"""Streams that never raise over a character, and never let a secret through."""

from __future__ import annotations

import io
import json
from typing import TextIO

_SHORTEST_SECRET = 8
"""Shorter keys ("ollama", "x") are placeholders of local servers, and would blot out ordinary words."""
_ASCII = str.maketrans(
    {
        "→": "->",
        "←": "<-",
        "↔": "<->",
        "⇥": " ",
        "⏎": " ",
        "…": "...",
        "\N{EN DASH}": "-",
        "—": "--",
        "\N{MINUS SIGN}": "-",
    }
    | {"\N{MULTIPLICATION SIGN}": "x", "÷": "/", "≥": ">=", "≤": "<=", "·": "-", "•": "*", "✓": "+", "✗": "x"}
    | {
        "“": '"',
        "”": '"',
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "│": "|",
        "─": "-",
    }
)


class SafeStream:
    """A text stream in front of another one.

    Secrets are blotted out. Characters that the stream's encoding lacks are replaced by ASCII that means the same
    where there is such, else by ``?``.

    Parameters
    ----------
    stream
        What is written to; ``None`` (a closed standard stream) swallows everything.
    secrets
        Texts to blot out; the set may grow later. Those shorter than 8 characters are let through.
    """

    def __init__(self, stream: TextIO | None, secrets: set[str]) -> None:
        self._stream = stream
        self._secrets = secrets

    @property
    def encoding(self) -> str:
        """Encoding of the stream behind."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def write(self, text: str, /) -> int:
        """Write text."""
        if self._stream is None:
            return len(text)
        text = self.scrub(text)
        try:
            # Asked beforehand: the stream itself may be set to write "?" without a word.
            text.encode(self.encoding)
        except UnicodeEncodeError:
            text = text.translate(_ASCII).encode(self.encoding, "replace").decode(self.encoding)
        self._stream.write(text)
        return len(text)

    def scrub(self, text: str) -> str:
        """Blot out the secrets, also as JSON writes them."""
        for secret in self._secrets:
            if len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, "[key]").replace(json.dumps(secret)[1:-1], "[key]")
        return text

    def flush(self) -> None:
        """Flush the stream behind."""
        if self._stream is not None:
            self._stream.flush()

    def isatty(self) -> bool:
        """Tell whether a person reads this."""
        return self._stream is not None and self._stream.isatty()

    def fileno(self) -> int:
        """Give the descriptor behind."""
        if self._stream is None:
            raise io.UnsupportedOperation("fileno")
        return self._stream.fileno()
