"""Edges and lists of names as a person types them on a command line."""

from __future__ import annotations

from collections.abc import Sequence

from copilot.errors import UnknownVariableError, UsageError

_ARROW = "->"


def parse_edge(text: str, names: Sequence[str]) -> tuple[str, str]:
    """Read ``a->b`` against the names there are; blanks around the names and the arrow do not matter.

    Names may hold ``->`` themselves: every place where the text can be cut is tried.

    Raises
    ------
    UsageError
        If there is no arrow, or the text can be read in two ways.
    UnknownVariableError
        If an end is not among the names.

    Examples
    --------
    >>> parse_edge("wage -> age", ["wage", "age"])
    ('wage', 'age')
    """
    parts = text.split(_ARROW)
    cuts = [(_ARROW.join(parts[:i]), _ARROW.join(parts[i:])) for i in range(1, len(parts))]
    if not cuts:
        raise UsageError(f"{text!r} is not an edge", advice="Write it as 'cause->effect', in quotes.")
    known = frozenset(names)
    found = {ends for cut in cuts for ends in (cut, (cut[0].strip(), cut[1].strip())) if known.issuperset(ends)}
    if len(found) > 1:
        raise UsageError(f"{text!r} can be read as more than one edge", advice="Use a constraints file instead.")
    if not found:
        ends = (cuts[0][0].strip(), cuts[0][1].strip())
        raise UnknownVariableError(next(end for end in ends if end not in known), names)
    return found.pop()


def choose_names(values: Sequence[str], names: Sequence[str], role: str = "column") -> tuple[str, ...]:
    """Read repeated options that each hold a name, or several with commas between.

    Raises
    ------
    UnknownVariableError
        If a name is not among the names there are.

    Examples
    --------
    >>> choose_names(["a,b", "c,d"], ["a", "b", "c,d"])
    ('a', 'b', 'c,d')
    """
    known = frozenset(names)
    chosen: dict[str, None] = {}
    for value in values:
        pieces = [value] if value in known else [piece.strip() for piece in value.split(",")]
        for piece in pieces:
            if piece not in known:
                raise UnknownVariableError(piece, names, role)
            chosen[piece] = None
    return tuple(chosen)
