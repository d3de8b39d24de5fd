"""Text from outside made harmless in a notebook, and short names that DoWhy takes."""

from __future__ import annotations

import keyword
import pprint
import re
from collections.abc import Iterable
from typing import Any

from copilot.domain.text import one_line, shown

_SPECIAL = re.compile(r"([\\`*_\[\]#|~$])")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_RESERVED = frozenset(
    {"graph", "digraph", "subgraph", "node", "edge", "strict", "propensity_score", "w_random", "placebo", "index"}
    | {"strata", "dbar", "data", "ips_weight", "tips_weight", "cips_weight", "u", "x", "v", "const", "unit"}
)
_WIDTH = 110


def markdown(text: str) -> str:
    r"""Write text so that Markdown, HTML and formulas in it are shown and not obeyed.

    Examples
    --------
    >>> markdown("<b> *a*")
    '&lt;b&gt; \\*a\\*'
    """
    cleaned = one_line(text, 5000).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", cleaned)


def named(name: str) -> str:
    """Write a column's name for Markdown."""
    return markdown(shown(name))


def literal(value: Any) -> str:
    r"""Write a value as Python source, over several lines where it is long.

    Examples
    --------
    >>> literal({"a\"b": ["</script>\n"]})
    '{\'a"b\': [\'</script>\\n\']}'
    """
    return pprint.pformat(value, width=_WIDTH, sort_dicts=False)


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Give every name one that DoWhy and DOT take: itself where it is plain, else v1, v2, ….

    Examples
    --------
    >>> short_names(["age", "x y", "w_random"])
    {'age': 'age', 'x y': 'v1', 'w_random': 'v2'}
    """
    given: dict[str, str] = {}
    for name in names:
        plain = _PLAIN.fullmatch(name) and not keyword.iskeyword(name)
        taken = name.lower() in _RESERVED or re.fullmatch(r"(?:[xuv]_.*|[uv]\d+)", name)
        given[name] = name if plain and not taken else f"v{1 + sum(a != b for a, b in given.items())}"
    return given
