"""GML, the graph modelling language: nested lists of keys and values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from copilot.data.graph_files.attributes import Attribute, edge_ends, kind_of, node_marks
from copilot.data.graph_files.document import EdgeLabel, GraphDocument
from copilot.data.graph_files.draft import Draft
from copilot.data.graph_files.names import unescape_all
from copilot.data.graph_files.source import Source
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.text import one_line

_TOKEN = re.compile(
    r"""
    (?P<space>\s++|\#[^\r\n]*+)
  | (?P<key>[A-Za-z_][A-Za-z0-9_]*+)
  | (?P<number>[-+]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)?)
  | (?P<string>"[^"]*+")
  | (?P<mark>[\[\]])
    """,
    re.VERBOSE,
)
_ENDS_OF_KIND = {
    EdgeKind.DIRECTED.value: (False, True),
    EdgeKind.BIDIRECTED.value: (True, True),
    EdgeKind.UNDIRECTED.value: (False, False),
}


@dataclass(slots=True)
class Record:
    """A list in square brackets: plain values by key, and the lists inside it."""

    offset: int
    values: dict[str, Attribute] = field(default_factory=dict)
    records: list[tuple[str, Record]] = field(default_factory=list)

    def all(self, key: str) -> list[Record]:
        """Give the inner lists with this key, in order."""
        return [record for name, record in self.records if name == key]


def parse(source: Source) -> GraphDocument:
    """Read GML; names are the labels of nodes, or their ids where there are none.

    Raises
    ------
    GraphFileError
        With line and column.
    CycleError
        If the directed edges run in a circle.
    """
    graphs = _records(source).all("graph")
    if len(graphs) != 1:
        raise source.error(
            graphs[1].offset if graphs else 0,
            "a second graph in the file" if graphs else "there is no 'graph [ ... ]' in the file",
            advice="Keep one graph per file.",
        )
    graph, draft = graphs[0], Draft(source)
    names = _read_nodes(source, graph, draft)
    directed = "directed" in graph.values and graph.values["directed"].value == "1"
    for record in graph.all("edge"):
        one, other = (_end_of(source, record, side, names) for side in ("source", "target"))
        tail, head = _ends(source, record, directed=directed)
        kind, swapped = kind_of(tail, head)
        draft.edge(*((other, one) if swapped else (one, other)), kind, record.offset)
    return draft.finish()


def _read_nodes(source: Source, graph: Record, draft: Draft) -> dict[str, str]:
    """Note all nodes; id → name."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for record in graph.all("node"):
        given = record.values.get("label") or record.values.get("name") or record.values.get("id")
        if given is None:
            raise source.error(record.offset, "a node without label and id", advice="Give it a label.")
        key = record.values.get("id", given).value
        if key in names or given.value in taken:
            raise source.error(
                record.offset,
                f"a second node with the {'id' if key in names else 'label'} {key if key in names else given.value!r}",
                advice="Ids and labels must be unique.",
            )
        names[key] = given.value
        taken.add(given.value)
        draft.node(given.value)
        draft.mark(given.value, node_marks(record.values.values(), source, {}), record.offset)
    return names


def _end_of(source: Source, record: Record, side: str, names: Mapping[str, str]) -> str:
    value = record.values.get(side)
    if value is None:
        raise source.error(record.offset, f"an edge without {side}", advice="Give the id of a node.")
    if value.value not in names:
        raise source.error(value.offset, f"an edge's {side} {value.value!r} is the id of no node")
    return names[value.value]


def _ends(source: Source, record: Record, *, directed: bool) -> tuple[bool, bool]:
    kind = record.values.get("kind")
    if kind is not None:
        if kind.value not in _ENDS_OF_KIND:
            raise source.error(
                kind.offset, f"{kind.value!r} is no kind of edge", advice=f"There are {', '.join(_ENDS_OF_KIND)}."
            )
        return edge_ends(record.values.values(), source, _ENDS_OF_KIND[kind.value])
    if not directed:
        raise source.error(
            record.offset,
            "an edge of an undirected graph",
            reason="Its edges do not say what causes what.",
            advice="Write 'directed 1' in the graph, or a kind at each edge.",
        )
    return edge_ends(record.values.values(), source, (False, True))


def _tokens(source: Source) -> Iterator[tuple[str, str, int]]:
    offset = 0
    while offset < len(source.text):
        match = _TOKEN.match(source.text, offset)
        if match is None:
            unclosed = source.text[offset] == '"'
            found = "a quoted string begins here and does not end" if unclosed else f"{source.text[offset]!r}"
            raise source.error(offset, found if unclosed else f"{found} has no meaning here")
        if match.lastgroup != "space":
            yield match.lastgroup or "", match[0], offset
        offset = match.end()


def _records(source: Source) -> Record:
    """Read the whole file into lists in lists."""
    open_records = [Record(0)]
    key: tuple[str, int] | None = None
    for kind, text, offset in _tokens(source):
        here = open_records[-1]
        if text == "]" and kind == "mark" and key is None:
            if len(open_records) == 1:
                raise source.error(offset, "']' without '['")
            open_records.pop()
        elif key is None and kind == "key":
            key = (text, offset)
        elif key is None or (kind == "mark" and text == "]") or kind == "key":
            raise source.error(
                offset,
                f"expected {'a key' if key is None else 'a value'}, found {one_line(text, 40)!r}",
                reason="GML is made of pairs: a key, then a number, a quoted string or a list in '[ ]'.",
            )
        elif kind == "mark":
            record = Record(key[1])
            here.records.append((key[0], record))
            open_records.append(record)
            key = None
        else:
            _add_value(source, here, key, unescape_all(text[1:-1]) if kind == "string" else text)
            key = None
    if key is not None or len(open_records) > 1:
        raise source.error(
            len(source.text),
            "the file ends too early",
            reason=f"What begins at {source.place(open_records[-1].offset)} is not complete.",
            advice="Is the file complete?",
        )
    return open_records[0]


def _add_value(source: Source, record: Record, key: tuple[str, int], value: str) -> None:
    name, offset = key
    if name in record.values and record.values[name].value != value:
        raise source.error(
            offset,
            f"a second value for {name!r}",
            reason=f"The first stands at {source.place(record.values[name].offset)}.",
            advice="Keep one of them.",
        )
    record.values[name] = Attribute(name, value, offset)


def write(
    graph: CausalGraph,
    labels: Mapping[Edge, EdgeLabel],
    header: Sequence[str],
    treatment: str | None,
    outcome: str | None,
) -> str:
    """Write GML in ASCII: all other characters are numeric entities, as the format has it."""
    lines = [f"# {_ascii(one_line(line, 1000))}" for line in header]
    lines += ["graph [", "  directed 1"]
    if len({edge.pair for edge in graph.edges}) < len(graph.edges):
        lines.append("  multigraph 1")
    numbers = {name: number for number, name in enumerate(graph.names)}
    for node in graph.nodes:
        marks = [] if node.observed else ['observed "no"']
        marks += ['exposure "yes"'] if node.name == treatment else []
        marks += ['outcome "yes"'] if node.name == outcome else []
        pairs = [f"id {numbers[node.name]}", f'label "{_ascii(node.name)}"', *marks]
        lines.append(f"  node [ {' '.join(pairs)} ]")
    for edge in graph.edges:
        pairs = [f"source {numbers[edge.source]}", f"target {numbers[edge.target]}", f'kind "{edge.kind.value}"']
        label = labels.get(edge)
        if label is not None and label.label:
            pairs.append(f'label "{_ascii(one_line(label.label))}"')
        lines.append(f"  edge [ {' '.join(pairs)} ]")
    return "\n".join([*lines, "]", ""])


def _ascii(text: str) -> str:
    return "".join(ch if " " <= ch <= "~" and ch not in '"&' else f"&#{ord(ch)};" for ch in text)
