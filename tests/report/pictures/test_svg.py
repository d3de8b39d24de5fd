from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import matplotlib as mpl
import pytest

from copilot.domain.graph import CausalGraph
from copilot.errors import UnknownVariableError
from copilot.report.pictures.graph import draw_graph, graph_tips
from copilot.report.pictures.svg import as_png, as_svg

HOSTILE = CausalGraph.build(
    ["日本", "", "\x1b[31mred\u202e", "alone"],
    directed=[("<script>alert(1)</script>", "$x_1$"), ("$x_1$", 'a & "b"'), ("#1b1b1c", "$x_1$")],
    bidirected=[("$x_1$", 'a & "b"'), ("alone", "日本")],
    undirected=[("#1b1b1c", 'a & "b"')],
    latent=["#1b1b1c"],
)
SVG = "{http://www.w3.org/2000/svg}"


def drawn(prefix: str = "one") -> str:
    figure = draw_graph(HOSTILE, treatment="$x_1$", outcome='a & "b"', contested=HOSTILE.edges[:1])
    return as_svg(figure, title="<b> & co\x07", description="d", tips=graph_tips(HOSTILE), prefix=prefix)


def test_names_are_plain_text_whatever_is_in_them() -> None:
    text = drawn()
    root = ET.fromstring(text)  # noqa: S314 (made here)
    words = {"".join(one.itertext()) for one in root.iter(f"{SVG}text")}
    assert {"$x_1$", 'a & "b"', "#1b1b1c", "日本", "''", "[31mred"} <= words
    assert "<script" not in text
    assert not any(ord(sign) < 32 and sign != "\n" for sign in text)
    assert "\u202e" not in text


def test_it_can_stand_in_a_page_beside_others() -> None:
    text = drawn("two")
    assert text.startswith("<svg ")
    assert "<?xml" not in text
    assert "<!DOCTYPE" not in text
    assert "<style" not in text
    root = ET.fromstring(text)  # noqa: S314 (made here)
    assert "width" not in root.attrib
    assert "height" not in root.attrib
    assert root.get("viewBox")
    ids = [one.get("id", "") for one in root.iter() if "id" in one.attrib]
    assert all(one.startswith("two-") for one in ids)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:url\(|href=")#([^)"]+)', text)) <= set(ids)
    assert root.get("aria-labelledby") == "two-title two-desc"
    assert root.findtext(f"{SVG}title") == "<b> & co"


def test_colours_are_variables() -> None:
    styles = " ".join(one.get("style", "") for one in ET.fromstring(drawn()).iter())  # noqa: S314 (made here)
    assert "var(--ink, #1b1b1c)" in styles
    assert not re.findall(r"(?<!, )#[0-9a-f]{6}", styles)


def test_every_node_and_edge_can_be_pointed_at() -> None:
    root = ET.fromstring(drawn())  # noqa: S314 (made here)
    told = {one.get("id"): one.get("aria-label") for one in root.iter(f"{SVG}g") if one.get("tabindex") == "0"}
    assert len(told) == len(HOSTILE.nodes) + len(HOSTILE.edges)
    place = HOSTILE.names.index("<script>alert(1)</script>")
    assert told[f"one-node-{place}"] == "<script>alert(1)</script>"


def test_bytes_are_the_same_under_every_hash_seed() -> None:
    code = (
        "from copilot.domain.graph import CausalGraph as G; from copilot.report.pictures.graph import draw_graph;"
        "from copilot.report.pictures.svg import as_svg, as_png; import hashlib;"
        "g=G.build(directed=[('w','t'),('w','y'),('t','y')],bidirected=[('t','y')]);"
        "f=draw_graph(g,treatment='t'); s=as_svg(f,title='x',description='y');"
        "print(hashlib.sha256(s.encode()+as_png(f)).hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        )
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout
    assert runs[0].stderr == ""


def test_the_order_of_writing_changes_nothing_and_settings_stay() -> None:
    before = dict(mpl.rcParams)
    figure = draw_graph(HOSTILE)
    first = as_svg(figure, title="t", description="d")
    png = as_png(figure)
    assert as_svg(figure, title="t", description="d") == first
    assert as_png(figure) == png
    assert png.startswith(b"\x89PNG")
    assert b"Software" not in png
    assert dict(mpl.rcParams) == before


def test_what_the_user_set_does_not_show() -> None:
    plain = as_svg(draw_graph(HOSTILE), title="t", description="d")
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "text.color": "red", "svg.fonttype": "path"}):
        assert as_svg(draw_graph(HOSTILE), title="t", description="d") == plain


def test_support_is_width_and_contested_edges_have_dashes() -> None:
    graph = CausalGraph.build(directed=[("a", "b"), ("b", "c")])
    supports = dict(zip(graph.edges, (0.0, 1.0), strict=True))
    text = as_svg(draw_graph(graph, supports=supports, contested=graph.edges[1:]), title="t", description="d")
    first, second = (text.split(f'id="picture-edge-{place}"')[1].split("<path", 2)[1] for place in (0, 1))
    assert "stroke-width: 0.8" in first
    assert "stroke-width: 3;" in second
    assert ("stroke-dasharray" in first, "stroke-dasharray" in second) == (False, True)


def test_roles_are_written() -> None:
    graph = CausalGraph.build(
        directed=[("z", "t"), ("t", "m"), ("m", "y"), ("w", "t"), ("w", "y"), ("u", "y")], latent=["u"]
    )
    figure = draw_graph(graph, treatment="t", outcome="y", adjusted=["w"], instruments=["z"], mediators=["m"])
    text = as_svg(figure, title="t", description="d")
    assert all(f">{word}</text>" in text for word in ("treatment", "outcome", "adjusted for", "instrument", "mediator"))
    assert ">not measured</text>" in text


def test_a_name_that_is_no_node_is_an_error() -> None:
    with pytest.raises(UnknownVariableError):
        draw_graph(CausalGraph.build(["a"]), treatment="b")


def test_an_empty_graph_can_be_drawn() -> None:
    assert as_svg(draw_graph(CausalGraph()), title="t", description="d").startswith("<svg ")
