"""The graph object of the JSON contract, alone in a file or inside the output of a command."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from copilot.data.graph_files.document import EdgeLabel, GraphDocument
from copilot.data.graph_files.draft import Draft, Marks
from copilot.data.graph_files.source import Source
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.notice import Level, Notice
from copilot.domain.text import clean, one_line
from copilot.errors import GraphFileError

_NODE_KEYS = frozenset({"name", "observed"})
_EDGE_KEYS = frozenset({"source", "target", "kind", "label"})
_GRAPH_KEYS = frozenset({"nodes", "edges", "treatment", "outcome", "comment"})
_SHAPE = (
    'Write {"nodes": [{"name": "a", "observed": true}], "edges": [{"source": "a", "target": "b", "kind": "directed"}]}.'
)


def parse(source: Source) -> GraphDocument:
    """Read ``{"nodes": …, "edges": …}``, alone or under the key ``graph`` of a command's output.

    Raises
    ------
    GraphFileError
        With line and column where the text is no JSON, with the place in the object where it is no graph.
    CycleError
        If the directed edges run in a circle.
    """
    whole = _load(source)
    inner = whole.get("graph")
    nested = isinstance(inner, dict)
    data: dict[str, Any] = inner if isinstance(inner, dict) else whole
    draft = _ObjectDraft(source)
    for index, node in enumerate(_list(source, data, "nodes")):
        draft.read_node(f"nodes[{index}]", node)
    for index, edge in enumerate(_list(source, data, "edges")):
        draft.read_edge(f"edges[{index}]", edge)
    document = draft.finish()
    roles = {role: _role(source, whole, role, document.graph) for role in ("treatment", "outcome")}
    ignored = sorted(set(data) - _GRAPH_KEYS)
    notices = document.notices
    if ignored and not nested:
        listed = ", ".join(one_line(key, 40) for key in ignored[:10])
        message = f"Keys beside 'nodes' and 'edges' that are not part of the graph were left aside: {listed}."
        notices = (*notices, Notice(code="keys_left_aside", message=message, count=len(ignored), level=Level.INFO))
    return GraphDocument(graph=document.graph, notices=notices, **roles)


class _ObjectDraft:
    """A draft whose places are places in the object: JSON values do not know their lines."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._places = _Places(source.where)
        self._places.rounds = source.rounds
        self._draft = Draft(self._places)
        self._names: set[str] = set()

    def read_node(self, place: str, node: Any) -> None:
        if isinstance(node, str):
            node = {"name": node}
        _check_keys(self._source, place, node, _NODE_KEYS)
        name, observed = node.get("name"), node.get("observed", True)
        if not isinstance(name, str):
            raise _wrong(self._source, place, "the node has no name", advice=_SHAPE)
        if not isinstance(observed, bool):
            raise _wrong(self._source, place, "'observed' is neither true nor false")
        if name in self._names:
            raise _wrong(self._source, place, f"a second node named {name!r}", advice="Names must be unique.")
        self._names.add(name)
        self._draft.node(name, Marks(observed=observed))

    def read_edge(self, place: str, edge: Any) -> None:
        _check_keys(self._source, place, edge, _EDGE_KEYS)
        source, target = (self._read_end(place, edge, side) for side in ("source", "target"))
        kind = edge.get("kind", EdgeKind.DIRECTED.value)
        if kind not in tuple(EdgeKind):
            kinds = ", ".join(EdgeKind)
            raise _wrong(self._source, place, f"{kind!r} is no kind of edge", advice=f"There are {kinds}.")
        self._draft.edge(source, target, EdgeKind(kind), self._places.add(place))

    def _read_end(self, place: str, edge: Mapping[str, Any], side: str) -> str:
        end = edge.get(side)
        if not isinstance(end, str) or end not in self._names:
            raise _wrong(
                self._source, place, f"its {side} {end!r} is the name of no node", advice="List it under 'nodes'."
            )
        return end

    def finish(self) -> GraphDocument:
        return self._draft.finish()


class _Places(Source):
    """Counts places such as ``edges[3]`` instead of characters."""

    def __init__(self, where: str) -> None:
        super().__init__("", where)
        self._names: list[str] = []

    def add(self, place: str) -> int:
        self._names.append(place)
        return len(self._names) - 1

    def place(self, offset: int) -> str:
        return self._names[offset]


def _load(source: Source) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
            raise GraphFileError(f"{source.where}: the key {twice!r} stands twice in one object")
        return found

    try:
        data = json.loads(source.text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise source.error(error.pos, f"no JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, or lists in lists without end.
        raise GraphFileError(f"{source.where}: JSON that cannot be read", reason=one_line(str(error))) from None
    if not isinstance(data, dict):
        raise GraphFileError(f"{source.where}: the JSON is no object", advice=_SHAPE)
    return data


def _list(source: Source, data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    if not isinstance(value, list):
        raise GraphFileError(f"{source.where}: the JSON has no list {key!r}", advice=_SHAPE)
    return value


def _check_keys(source: Source, place: str, value: Any, known: frozenset[str]) -> None:
    if not isinstance(value, dict):
        raise _wrong(source, place, "an object is expected here", advice=_SHAPE)
    for key in value:
        if key not in known:
            raise _wrong(
                source, place, f"the key {key!r} is not known", advice=f"Known are {', '.join(sorted(known))}."
            )


def _role(source: Source, data: Mapping[str, Any], role: str, graph: CausalGraph) -> str | None:
    value = data.get(role)
    if value is None:
        return None
    if not isinstance(value, str) or value not in graph.names:
        raise _wrong(source, role, f"{value!r} is the name of no node")
    return value


def _wrong(source: Source, place: str, message: str, *, advice: str = "") -> GraphFileError:
    return GraphFileError(f"{source.where}: {place}: {message}", advice=advice)


def write(
    graph: CausalGraph,
    labels: Mapping[Edge, EdgeLabel],
    header: Sequence[str],
    treatment: str | None,
    outcome: str | None,
) -> str:
    """Write the graph object of the JSON contract, in ASCII."""
    data: dict[str, Any] = {"comment": [clean(line) for line in header]} if header else {}
    data |= {"treatment": treatment} if treatment in graph.names else {}
    data |= {"outcome": outcome} if outcome in graph.names else {}
    data |= graph.model_dump(mode="json")
    for edge, written in zip(graph.edges, data["edges"], strict=True):
        label = labels.get(edge)
        if label is not None and label.label:
            written["label"] = one_line(label.label)
    return json.dumps(data, indent=1, ensure_ascii=True, allow_nan=False) + "\n"
