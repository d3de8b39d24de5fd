from __future__ import annotations

import io
import itertools
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from copilot.data.graph_files import FORMATS, format_of, parse_graph, read_graph, reading, write_graph
from copilot.domain.graph import CausalGraph
from copilot.errors import CycleError, GraphFileError, UsageError

GRAPH = CausalGraph.build(directed=[("t", "y")])


def put(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("g.dot", "digraph { t -> y }"),
        ("G.GV", b"\xef\xbb\xbfdigraph { t -> y }"),
        ("g.dagitty", "dag { t -> y }"),
        ("g.gml", 'graph [ directed 1 node [ id 0 label "t" ] node [ id 1 label "y" ] edge [ source 0 target 1 ] ]'),
        ("g.json", '{"nodes": ["t", "y"], "edges": [{"source": "t", "target": "y"}]}'),
        ("no extension", "# c\n// d\n/* e */ strict digraph G { t -> y }"),
        ("g.txt", "  dag {t -> y}"),
    ],
)
def test_formats_by_name_and_by_content(tmp_path: Path, name: str, content: str | bytes) -> None:
    document = read_graph(put(tmp_path, name, content))
    assert (document.graph, document.notices) == (GRAPH, ())


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("g.dot", "dag { t -> y }", "dagitty"),
        ("g.dot", '{"nodes": ["t", "y"], "edges": [{"source": "t", "target": "y"}]}', "json"),
        ("g.dot", 'Creator "me"\ngraph [ directed 1 node[id "t"] node[id "y"] edge[source "t" target "y"]]', "gml"),
        ("g.json", "digraph { t -> y }", "dot"),
    ],
)
def test_content_goes_before_the_name_and_that_is_said(tmp_path: Path, name: str, content: str, found: str) -> None:
    document = read_graph(put(tmp_path, name, content))
    assert document.graph == GRAPH
    assert [(notice.code, notice.subject) for notice in document.notices] == [("format_by_content", found)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", r"g\.dot:1:1: .*empty"),
        (b"hello world", r"g\.dot:1:1: .*does not begin"),
        (b'digraph{\n"a\xf1o"->t}', r"g\.dot:2:3: byte 11 \(0xf1\) is not UTF-8"),
        (b"digraph{w\0->t}", r"g\.dot:1:10: a NUL"),
        ("digraph{a->b}".encode("utf-16"), r"g\.dot: the text is in UTF-16"),
        (b"flowchart LR\n a --> b", r"g\.dot: .*written and not read"),
        (b"<?xml version='1.0'?><graphml/>", r"g\.dot:1:1: .*does not begin"),
    ],
)  # fmt: skip
def test_what_is_no_graph_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(GraphFileError, match=words):
        read_graph(put(tmp_path, "g.dot", content))


def test_content_without_a_name_to_go_by(tmp_path: Path) -> None:
    with pytest.raises(GraphFileError, match="1:1: this is no graph"):
        read_graph(put(tmp_path, "notes", "a b\nb c"))


def test_files_that_are_none(tmp_path: Path) -> None:
    loop = tmp_path / "loop.dot"
    loop.symlink_to(loop)
    pipe = tmp_path / "pipe.dot"
    os.mkfifo(pipe)
    for path in (str(tmp_path), str(tmp_path / "no.dot"), str(loop), "a\0b.dot", "https://example.org/g.dot"):
        with pytest.raises(GraphFileError, match="cannot read") as caught:
            read_graph(path)
        assert caught.value.reason
    with pytest.raises(GraphFileError, match="empty"):
        read_graph(str(pipe))


def test_a_pipe_with_a_writer_is_read() -> None:
    readable, writable = os.pipe()
    try:
        os.write(writable, b"digraph { t -> y }")
        os.close(writable)
        assert read_graph(f"/dev/fd/{readable}").graph == GRAPH
    finally:
        os.close(readable)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"dag { t -> y }")))
    assert read_graph("-").graph == GRAPH
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"digraph { t -> y -> t }")))
    with pytest.raises(CycleError, match="standard input"):
        read_graph("-")
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(GraphFileError, match="cannot read"):
        read_graph("-")


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 10)
    with pytest.raises(GraphFileError, match="larger than"):
        read_graph(put(tmp_path, "g.dot", "digraph{a->b}"))


def test_the_format_of_a_name() -> None:
    for known in FORMATS:
        for extension in known.extensions:
            assert format_of(f"x/y{extension.upper()}") == known.name
    with pytest.raises(GraphFileError, match="does not say"):
        format_of("graph.svg")
    with pytest.raises(UsageError, match="no graph format"):
        write_graph(GRAPH, "svg")


def test_ten_thousand_edges_take_less_than_two_seconds(within: Callable[[float], AbstractContextManager[None]]) -> None:
    pairs = itertools.islice(((a, a + step) for a in range(3000) for step in (1, 7, 31, 97)), 10_000)
    lines = "".join(f'  "v{a}" -> "v{b}" [label="5/7", tooltip="why \\"not\\""];\n' for a, b in pairs)
    with within(2):
        graph = parse_graph(f"digraph {{\n{lines}}}", "dot", "big").graph
    assert len(graph.edges) == 10_000


@pytest.mark.parametrize(
    "text",
    [
        'digraph{a->"' + "\\" * 500_000,
        "digraph{a /*" + "*" * 500_000,
        "digraph{" + "<" * 500_000,
        'digraph{"' + "&#" * 250_000 + '"}',
        "digraph{" + "\n#" * 250_000 + "\n}",
        "Creator " * 60_000,
    ],
)
def test_no_text_takes_quadratic_time(
    tmp_path: Path, text: str, within: Callable[[float], AbstractContextManager[None]]
) -> None:
    path = put(tmp_path, "g.dot", text)
    with within(5):
        try:
            assert read_graph(path).graph is not None
        except GraphFileError as error:
            assert error.message  # noqa: PT017 (either end is fine; the time is what is tested)
