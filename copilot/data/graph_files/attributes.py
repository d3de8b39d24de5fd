"""What the attributes of nodes and edges mean: the same words in every format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from copilot.data.graph_files.draft import Marks
from copilot.data.graph_files.source import Source
from copilot.domain.graph import EdgeKind


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute as written; an attribute without a value has the value ``"true"``."""

    key: str
    value: str
    offset: int


_TRUE = frozenset({"true", "yes", "y", "1", "on", "t"})
_FALSE = frozenset({"false", "no", "n", "0", "off", "f"})

# Word → which mark it sets, and whether "true" sets it to true.
_WORDS = {
    "observed": ("observed", True),
    "latent": ("observed", False),
    "unobserved": ("observed", False),
    "exposure": ("exposure", True),
    "outcome": ("outcome", True),
    "adjusted": ("adjusted", True),
    "selected": ("selected", True),
}
SHORT_WORDS: Mapping[str, str] = {
    "l": "latent",
    "u": "unobserved",
    "e": "exposure",
    "source": "exposure",
    "o": "outcome",
    "target": "outcome",
    "a": "adjusted",
    "s": "selected",
}
"""Other spellings that dagitty knows."""
_UNUSED = frozenset({"adjusted", "selected"})


def node_marks(attributes: Iterable[Attribute], source: Source, synonyms: Mapping[str, str]) -> Marks:
    """Read the attributes of a node; those that only say how to draw it mean nothing.

    Raises
    ------
    GraphFileError
        If a value is neither yes nor no, or two attributes contradict each other.
    """
    said: dict[str, bool] = {}
    for attribute in attributes:
        word = attribute.key.casefold()
        meaning = _WORDS.get(synonyms.get(word, word))
        if meaning is None:
            continue
        field, positive = meaning
        value = _truth(attribute, source) is positive
        if said.setdefault(field, value) is not value:
            raise source.error(
                attribute.offset,
                f"the attribute {attribute.key!r} contradicts another one of the same node",
                advice="Keep one of the two.",
            )
    return Marks(
        observed=said.get("observed"),
        exposure=said.get("exposure"),
        outcome=said.get("outcome"),
        unused=tuple(sorted(field for field in _UNUSED if said.get(field))),
    )


def _truth(attribute: Attribute, source: Source) -> bool:
    value = attribute.value.strip().casefold()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise source.error(
        attribute.offset,
        f"{attribute.key}={attribute.value!r} is neither yes nor no",
        advice=f"Write {attribute.key}=yes or {attribute.key}=no.",
    )


_ENDS = {"forward": (False, True), "back": (True, False), "both": (True, True), "none": (False, False)}
_WORDS_OF_EDGES = frozenset({"dir", "arrowhead", "arrowtail", "style"})


def edge_ends(attributes: Iterable[Attribute], source: Source, drawn: tuple[bool, bool]) -> tuple[bool, bool]:
    """Tell at which ends of an edge an arrowhead is drawn.

    What is drawn is what is meant: ``dir=both`` with ``arrowtail=none`` has one arrowhead.

    Parameters
    ----------
    attributes
        Of the edge; later ones go before earlier ones.
    source
        For places in messages.
    drawn
        Whether the edge operator has an arrowhead at the first and at the second end; only that of ``->`` can be
        changed by attributes.

    Raises
    ------
    GraphFileError
        If ``dir`` has an unknown value or contradicts the operator, an end is a circle, or the edge is invisible.
    """
    said = _edge_words(attributes, source)
    if not said:
        return drawn
    _refuse_unclear(said, source)
    tail, head = drawn
    if direction := said.get("dir"):
        ends = _ENDS.get(direction.value.strip().casefold())
        if ends is None:
            raise source.error(
                direction.offset,
                f"dir={direction.value!r} is not a direction",
                advice="Write forward, back, both (unmeasured common cause) or none (direction unknown).",
            )
        if drawn not in {(False, True), ends}:
            raise source.error(
                direction.offset,
                f"dir={direction.value} contradicts the arrow of the edge",
                advice="Draw the edge with '->' where 'dir' is to decide.",
            )
        tail, head = ends
    return (
        tail and not _has_no_head(said.get("arrowtail")),
        head and not _has_no_head(said.get("arrowhead")),
    )


def _edge_words(attributes: Iterable[Attribute], source: Source) -> dict[str, Attribute]:
    """Pick the attributes that mean something at an edge; refuse those that mean something only at a node."""
    said = {}
    for attribute in attributes:
        word = attribute.key.casefold()
        if word in _WORDS_OF_EDGES:
            said[word] = attribute
        elif word in _WORDS:
            raise source.error(
                attribute.offset,
                f"the attribute {attribute.key!r} stands at an edge, and means something only at a node",
                advice="Write it at the node it is about.",
            )
    return said


def _has_no_head(shape: Attribute | None) -> bool:
    return shape is not None and shape.value.strip().casefold() == "none"


def _refuse_unclear(said: Mapping[str, Attribute], source: Source) -> None:
    style = said.get("style")
    if style is not None and "invis" in style.value.casefold():
        raise source.error(
            style.offset,
            "an invisible edge: it is not clear whether it is meant as a cause",
            reason="Invisible edges are often drawn only to arrange a picture.",
            advice="Remove the edge, or its style.",
        )
    for word in ("arrowhead", "arrowtail"):
        shape = said.get(word)
        if shape is not None and shape.value.strip().casefold() in {"odot", "circle"}:
            raise source.error(
                shape.offset,
                f"{word}={shape.value}: an end that may or may not have an arrowhead",
                reason="Such ends belong to a whole class of graphs, not to one.",
                advice="Decide on one graph of the class; dir=none says that the direction is unknown.",
            )


def kind_of(tail: bool, head: bool) -> tuple[EdgeKind, bool]:
    """Name the kind of an edge by its arrowheads, and tell whether its ends are to be swapped."""
    if tail and head:
        return EdgeKind.BIDIRECTED, False
    if not tail and not head:
        return EdgeKind.UNDIRECTED, False
    return EdgeKind.DIRECTED, tail
