"""Read the statements between the braces: nodes, edges, groups and defaults, in DOT and in dagitty's dialect of it.

Groups may stand in groups to a depth of 500: the reader keeps its own stack.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from copilot.data.graph_files.attributes import Attribute, edge_ends, kind_of, node_marks
from copilot.data.graph_files.document import GraphDocument
from copilot.data.graph_files.dot_lexer import EDGE, END, HTML, STRING, WORD, Dialect, Token, name_of, tokens
from copilot.data.graph_files.draft import Draft, Marks
from copilot.data.graph_files.source import Source

MAX_DEPTH = 500


@dataclass(frozen=True, slots=True)
class Grammar:
    """What one kind of graph allows.

    Parameters
    ----------
    arrows
        Edge operator → whether it has an arrowhead at its first and at its second end.
    refused
        Edge operator → what is wrong with it, and what to write instead.
    keywords
        Words that are no names unless quoted, in lower case.
    synonyms
        Other words for the attributes of nodes.
    """

    arrows: Mapping[str, tuple[bool, bool]]
    refused: Mapping[str, tuple[str, str]]
    keywords: frozenset[str]
    synonyms: Mapping[str, str]


class End(NamedTuple):
    """One end of an edge: a node, several nodes, or a group in braces."""

    names: tuple[str, ...]
    is_group: bool
    offset: int


@dataclass(slots=True)
class Scope:
    """A pair of braces that is still open, with the statement being read in it."""

    opened: int
    name: str | None = None
    node_defaults: Marks = field(default_factory=Marks)
    edge_defaults: Mapping[str, Attribute] = field(default_factory=dict)
    members: dict[str, None] = field(default_factory=dict)
    ends: list[End] = field(default_factory=list)
    arrows: list[Token] = field(default_factory=list)

    @property
    def awaits_end(self) -> bool:
        """Whether an arrow has been read and its second end has not."""
        return bool(self.arrows) and len(self.arrows) == len(self.ends)


class Statements:
    """Reads the tokens of one file, front to back.

    Parameters
    ----------
    source
        The file.
    dialect
        How to cut it into tokens.
    """

    def __init__(self, source: Source, dialect: Dialect) -> None:
        self.source = source
        self._tokens = tokens(source, dialect)
        self.token = next(self._tokens)
        self._draft = Draft(source)
        self._groups: dict[str, dict[str, None]] = {}
        self._grammar = Grammar({}, {}, frozenset(), {})

    def advance(self) -> Token:
        """Take the current token and move to the next."""
        taken = self.token
        if taken.kind != END:
            self.token = next(self._tokens)
        return taken

    def fail(self, message: str, *, reason: str = "", advice: str = "") -> NoReturn:
        """Refuse the current token."""
        raise self.source.error(self.token.offset, message, reason=reason, advice=advice)

    def skip_name(self) -> None:
        """Pass over the name of the graph."""
        self._value()

    def read(self, grammar: Grammar) -> GraphDocument:
        """Read from the opening brace to the end of the file.

        Raises
        ------
        GraphFileError
            With line and column, at whatever cannot be read.
        CycleError
            If the directed edges run in a circle.
        """
        self._grammar = grammar
        if self.token.kind != "{":
            self.fail(f"expected '{{', found {_shown(self.token)}", advice="A graph begins with, e.g., 'digraph {'.")
        scopes = [Scope(opened=self.advance().offset)]
        while scopes:
            self._step(scopes)
        while self.token.kind == ";":
            self.advance()
        if self.token.kind != END:
            self.fail(
                f"{_shown(self.token)} after the end of the graph",
                reason="A file holds one graph, and it is closed already.",
                advice="Keep one graph per file.",
            )
        return self._draft.finish()

    def _step(self, scopes: list[Scope]) -> None:
        scope, kind = scopes[-1], self.token.kind
        if scope.awaits_end:
            self._end(scopes)
        elif scope.ends:
            if kind == EDGE:
                self._arrow(scope)
            elif kind == "," and not scope.ends[-1].is_group:
                self.advance()
                self._further_node(scope)
            else:
                self._close_statement(scope)
        elif kind == ";":
            self.advance()
        elif kind == "}":
            self.advance()
            self._close_scope(scopes)
        elif kind == END:
            self.fail(
                "the file ends inside the graph",
                reason=f"The brace opened at {self.source.place(scope.opened)} is not closed.",
                advice="Is the file complete?",
            )
        elif not self._defaults(scope):
            self._end(scopes)

    def _arrow(self, scope: Scope) -> None:
        if self.token.text not in self._grammar.arrows:
            message, advice = self._grammar.refused[self.token.text]
            self.fail(message, advice=advice)
        scope.arrows.append(self.advance())

    def _end(self, scopes: list[Scope]) -> None:
        """Read a node or open a group; a group becomes an end when its brace closes."""
        scope, token = scopes[-1], self.token
        if token.kind == "{":
            self._open(scopes, None)
        elif token.kind == WORD and token.text.lower() == "subgraph":
            self.advance()
            name = self._name("the name of a group") if self.token.kind in {WORD, STRING} else None
            if self.token.kind == "{":
                self._open(scopes, name)
            elif name is None:
                self.fail(f"expected '{{' after 'subgraph', found {_shown(self.token)}")
            else:
                # A group named before stands here for its nodes.
                names = tuple(self._groups.get(name, ()))
                scope.ends.append(End(names, is_group=True, offset=token.offset))
                scope.members.update(dict.fromkeys(names))
        else:
            name = self._name("a node")
            if self.token.kind == "=" and not scope.ends:
                self.advance()
                self._value()
            else:
                self._add_node(scope, name, token.offset)

    def _open(self, scopes: list[Scope], name: str | None) -> None:
        if len(scopes) >= MAX_DEPTH:
            self.fail(f"groups in groups, more than {MAX_DEPTH} deep", advice="Write the edges out.")
        outer = scopes[-1]
        inner = Scope(self.advance().offset, name, outer.node_defaults, outer.edge_defaults)
        scopes.append(inner)

    def _close_scope(self, scopes: list[Scope]) -> None:
        closed = scopes.pop()
        if not scopes:
            return
        members = closed.members
        if closed.name is not None:
            members = self._groups.setdefault(closed.name, {})
            members.update(closed.members)
        scopes[-1].ends.append(End(tuple(members), is_group=True, offset=closed.opened))
        scopes[-1].members.update(members)

    def _add_node(self, scope: Scope, name: str, offset: int) -> None:
        self._skip_port()
        self._draft.node(name, scope.node_defaults)
        scope.members[name] = None
        scope.ends.append(End((name,), is_group=False, offset=offset))

    def _further_node(self, scope: Scope) -> None:
        """Read the next of several nodes with commas between, as in ``a, b -> c``."""
        before = scope.ends.pop()
        self._add_node(scope, self._name("a node"), before.offset)
        scope.ends[-1] = before._replace(names=(*before.names, *scope.ends[-1].names))

    def _skip_port(self) -> None:
        for _ in range(2):
            if self.token.kind == ":":
                self.advance()
                self._name("a port")

    def _close_statement(self, scope: Scope) -> None:
        at, ends, arrows = self.token.offset, scope.ends, scope.arrows
        scope.ends, scope.arrows = [], []
        attributes = self._attributes()
        if arrows:
            merged = (*scope.edge_defaults.values(), *attributes)
            for left, arrow, right in zip(ends, arrows, ends[1:], strict=False):
                self._draw(left, arrow, right, merged)
        elif attributes and ends[0].is_group:
            raise self.source.error(
                at, "attributes after a group", advice="Write 'node [...]' or 'edge [...]' inside the braces."
            )
        elif attributes:
            marks = node_marks(attributes, self.source, self._grammar.synonyms)
            for name in ends[0].names:
                self._draft.mark(name, marks, at)

    def _draw(self, left: End, arrow: Token, right: End, attributes: Iterable[Attribute]) -> None:
        tail, head = edge_ends(attributes, self.source, self._grammar.arrows[arrow.text])
        kind, swapped = kind_of(tail, head)
        if left.is_group or right.is_group:
            self._draft.group(len(left.names), len(right.names), arrow.offset)
        for one in left.names:
            for other in right.names:
                source, target = (other, one) if swapped else (one, other)
                self._draft.edge(source, target, kind, arrow.offset)

    def _defaults(self, scope: Scope) -> bool:
        """Read ``node [...]``, ``edge [...]`` or ``graph [...]``; tell whether it was one."""
        token = self.token
        word = token.text.lower()
        if token.kind != WORD or word not in {"node", "edge", "graph"} & self._grammar.keywords:
            return False
        self.advance()
        if self.token.kind != "[":
            raise self.source.error(
                token.offset, f"{token.text!r} is a word of the language", advice="As a name, put it in double quotes."
            )
        attributes = self._attributes()
        if word == "node":
            marks = node_marks(attributes, self.source, self._grammar.synonyms)
            scope.node_defaults = marks.over(scope.node_defaults)
        elif word == "edge":
            added = {attribute.key.casefold(): attribute for attribute in attributes}
            scope.edge_defaults = {**scope.edge_defaults, **added}
        return True

    def _attributes(self) -> tuple[Attribute, ...]:
        found: list[Attribute] = []
        while self.token.kind == "[":
            self.advance()
            while self.token.kind != "]":
                offset = self.token.offset
                key = self._name("an attribute", keywords=False)
                value = "true"
                if self.token.kind == "=":
                    self.advance()
                    value = self._value()
                found.append(Attribute(key, value, offset))
                if self.token.kind in {",", ";"}:
                    self.advance()
            self.advance()
        return tuple(found)

    def _value(self) -> str:
        return self.advance().text if self.token.kind == HTML else self._name("a value", keywords=False)

    def _name(self, what: str, *, keywords: bool = True) -> str:
        """Read a name: a word, or strings with ``+`` between."""
        token = self.token
        if token.kind == WORD:
            if keywords and token.text.lower() in self._grammar.keywords:
                self.fail(f"{token.text!r} is a word of the language", advice="As a name, put it in double quotes.")
            return self.advance().text
        if token.kind != STRING:
            advice = "Put the name in double quotes." if token.kind == HTML else ""
            found = "the end of the file" if token.kind == END else _shown(token)
            self.fail(f"expected {what}, found {found}", advice=advice or "Is the file complete?" * (token.kind == END))
        parts = [self.advance().text]
        while self.token.kind == "+":
            self.advance()
            if self.token.kind != STRING:
                self.fail(f"expected a quoted string after '+', found {_shown(self.token)}")
            parts.append(self.advance().text)
        return name_of("".join(parts))


def _shown(token: Token) -> str:
    if token.kind == END:
        return "the end of the file"
    text = f"<{token.text}>" if token.kind == HTML else token.text
    return repr(text if len(text) <= 40 else text[:40] + "…")  # noqa: PLR2004 (a glance)
