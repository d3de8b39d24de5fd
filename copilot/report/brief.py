"""Long sentences cut to what fits a screen; the whole stands in the files of the run and under ``-v``."""

from __future__ import annotations

import re

LIMIT = 160
"""Characters of two lines of a narrow terminal."""
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z{`])")
_CLAUSE_END = re.compile(r"[;,:](?= )")


def brief(text: str, limit: int = LIMIT) -> str:
    """Give the first sentence; one that is too long, up to the end of a clause. A number is never cut.

    Examples
    --------
    >>> brief("It holds up. Nothing else is known.")
    'It holds up.'
    >>> brief("One gives 1,548 (75.35 to 3,021), another 256.1 (-1,460 to 1,973), a third nothing.", 50)
    'One gives 1,548 (75.35 to 3,021) …'
    >>> brief("word " * 5, 12)
    'word word …'
    """
    sentence = _SENTENCE_END.split(text, maxsplit=1)[0]
    if len(sentence) <= limit:
        return sentence
    room = limit - len(" …")
    ends = [match.start() for match in _CLAUSE_END.finditer(sentence, 0, room + 1)]
    whole = [end for end in ends if end > room // 5 and sentence.count("(", 0, end) == sentence.count(")", 0, end)]
    end = whole[-1] if whole else sentence.rfind(" ", 0, room + 1)
    return sentence[: end if end > 0 else room].rstrip() + " …"
