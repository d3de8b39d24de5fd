from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from copilot.domain.graph import CausalGraph
from copilot.report.pictures.boxes import draw_boxes
from copilot.report.pictures.listing import list_layers
from copilot.report.pictures.roles import roles_of
from copilot.report.pictures.terminal import terminal_lines

TRIANGLE = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])
EXPECTED = [
    "          ┏━━━━━━━━━━━━━┓",
    "      ┌──►┃      t      ┃─┐",
    "      │   ┃ (treatment) ┃ │   ╔═══════════╗",
    "┌───┐ │   ┗━━━━━━━━━━━━━┛ └──►║     y     ║",
    "│ w │─┤                   ┌──►║ (outcome) ║",
    "└───┘ └───────────────────┘   ╚═══════════╝",
]


def test_a_small_graph_is_drawn_with_boxes() -> None:
    roles = roles_of(TRIANGLE, treatment="t", outcome="y")
    assert terminal_lines(TRIANGLE, roles=roles) == EXPECTED


def test_crossing_lines_pass_over_each_other() -> None:
    graph = CausalGraph.build(directed=[("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")])
    drawn = draw_boxes(graph, {}, width=80)
    assert drawn is not None
    assert any("─│─" in line for line in drawn)


def test_a_tangle_or_a_narrow_screen_gives_the_listing() -> None:
    names = [f"n{number}" for number in range(8)]
    tangle = CausalGraph.build(directed=itertools.combinations(names, 2))
    assert terminal_lines(tangle)[0].startswith("8 nodes, 28 arrows")
    assert terminal_lines(TRIANGLE, width=15)[0].startswith("3 nodes, 3 arrows")


def test_the_listing_folds_effects_and_says_roles() -> None:
    graph = CausalGraph.build(directed=[("cause", f"effect_{number}") for number in range(9)], latent=["cause"])
    lines = list_layers(graph, roles_of(graph), width=50)
    assert lines[2] == "  cause (not measured) ──► effect_0, effect_1,"
    assert lines[3] == "                           effect_2, effect_3,"
    assert lines[-1] == "  effect_8"
    assert all(cell_len(line) <= 50 for line in lines[2:])


def test_what_is_no_arrow_is_said() -> None:
    graph = CausalGraph.build(directed=[("a", "b")], bidirected=[("a", "b")], undirected=[("b", "c")])
    for lines in (terminal_lines(graph), list_layers(graph, {}, width=80)):
        assert [line.strip() for line in lines[-2:]] == [
            "a ◄─► b (unmeasured common cause)",
            "b ─── c (direction open)",
        ]


def test_ascii_is_ascii() -> None:
    graph = CausalGraph.build(directed=[("a", "b"), ("a", "c")], bidirected=[("a", "b")], latent=["c"])
    assert "\n".join(terminal_lines(graph, ascii_only=True)).isascii()
    assert "\n".join(terminal_lines(graph, width=5, ascii_only=True)).isascii()


def test_an_empty_graph_is_said() -> None:
    assert terminal_lines(CausalGraph()) == ["The graph has no nodes."]


_GLYPHS = dict(zip("│─┘┐┤└┌├┴┬┼►", (3, 12, 5, 6, 7, 9, 10, 11, 13, 14, 15, 12), strict=True))
_STEP = {1: (-1, 0, 2), 2: (1, 0, 1), 4: (0, -1, 8), 8: (0, 1, 4)}


def _boxes(grid: list[str], names: tuple[str, ...]) -> dict[tuple[int, int], str]:
    """Find the places of each box."""
    boxes: dict[tuple[int, int], str] = {}
    for name in names:
        row, x = next((row, line.index(f" {name} ")) for row, line in enumerate(grid) if f" {name} " in line)
        top, low = row, row
        left, right = grid[row].rindex("│", 0, x + 1), grid[row].index("│", x)
        while grid[top][left] != "┌":
            top -= 1
        while grid[low][left] != "└":
            low += 1
        boxes.update({(r, c): name for r in range(top, low + 1) for c in range(left, right + 1)})
    return boxes


def _followed(lines: list[str], names: tuple[str, ...]) -> set[tuple[str, str]]:
    """Read the arrows off a drawing as a person does: along the lines, straight on at a crossing."""
    width = max(map(len, lines)) + 1
    grid = [line.ljust(width) for line in lines]
    boxes = _boxes(grid, names)
    ahead = [
        (name, row, x + 1, 8)
        for (row, x), name in boxes.items()
        if (row, x + 1) not in boxes and grid[row][x + 1] != " "
    ]
    found, seen = set(), set(ahead)
    while ahead:
        name, row, x, going = ahead.pop()
        if (row, x) in boxes:
            found.add((name, boxes[row, x]))
            continue
        came, ways = _STEP[going][2], _GLYPHS[grid[row][x]]
        out = ways & ~came if ways & came else going
        steps = {(name, row + _STEP[way][0], x + _STEP[way][1], way) for way in _STEP if out & way}
        ahead += steps - seen
        seen |= steps
    return found


@given(st.integers(2, 7), st.data())
@settings(max_examples=80, deadline=None)
def test_a_drawing_says_exactly_the_arrows_of_the_graph(count: int, data: st.DataObject) -> None:
    names = [f"v{number}" for number in range(count)]
    pairs = [pair for pair in itertools.combinations(names, 2) if data.draw(st.integers(0, 2)) == 0]
    graph = CausalGraph.build(names, directed=pairs)
    drawn = draw_boxes(graph, {}, width=200)
    if drawn is not None:
        assert _followed(drawn, graph.names) == set(pairs)
        assert max(map(len, drawn)) <= 200
