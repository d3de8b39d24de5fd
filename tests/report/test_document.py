"""The report: what stands in it, escaped in both its forms, the same to the byte."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from copilot.domain.bounds import Bound
from copilot.domain.effects import Status
from copilot.report.document.blocks import Grid, Paragraph, Picture
from copilot.report.document.build import build_document
from copilot.report.document.rests import bounds_section
from copilot.report.document.source import Source
from copilot.report.html.render import page
from copilot.report.markdown import escaped, markdown

SCRIPT = "<script>alert(1)</script>"
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Reader(HTMLParser):
    """Reads a page as a browser would: elements, their text, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_verdict_comes_first_and_every_part_is_there(source: Source) -> None:
    document = build_document(source)
    names = [section.name for section in document.sections]
    assert names[:3] == ["verdict", "graph", "estimates"]
    assert {"refuters", "many-graphs", "bounds", "sensitivity", "controls", "overlap", "assumptions", "rows"} < set(
        names
    )
    assert names[-1] == "repeat"
    assert len(set(names)) == len(names)
    pictures = [block for one in document.sections for block in (*one.blocks, *one.more) if isinstance(block, Picture)]
    assert len({picture.name for picture in pictures}) == len(pictures) >= 8
    assert all(len(picture.description) > 30 for picture in pictures)
    grids = [block for one in document.sections for block in (*one.blocks, *one.more) if isinstance(block, Grid)]
    assert all(len(row) == len(grid.head) for grid in grids for row in grid.rows)


def test_each_edge_says_who_stands_for_it_and_each_assumption_too(source: Source) -> None:
    sections = {section.name: section for section in build_document(source).sections}
    (drawn,) = [block for block in sections["graph"].blocks if isinstance(block, Picture)]
    assert any("8 of 8 ballots" in tip and "because" in tip for tip in drawn.tips.values())
    (rests,) = [block for block in sections["assumptions"].blocks if isinstance(block, Grid)]
    told = dict(rests.rows)
    assert any(key.startswith("No common cause of treatment and outcome is left once") for key in told)
    assert all(told.values())
    (lead,) = [block for block in sections["rows"].blocks if isinstance(block, Paragraph)]
    assert lead.text == "800 rows were read, 800 were used."


def test_what_a_refuter_cannot_see_stands_beside_its_result(source: Source) -> None:
    section = next(one for one in build_document(source).sections if one.name == "refuters")
    rows = [row for block in section.blocks if isinstance(block, Grid) for row in block.rows]
    assert len(rows) == len(source.analysis.refutations)
    assert all(len(row[3]) > 20 for row in rows)
    unclear = sum(one.status is Status.INCONCLUSIVE for one in source.analysis.refutations)
    assert sum(row[1] == "cannot tell" for row in rows) == unclear


def test_the_page_is_whole_and_nothing_from_outside_is_markup(source: Source) -> None:
    text = page(build_document(source))
    reader = Reader(text)
    assert reader.open == []
    scripts = [attrs for tag, attrs in reader.found if tag == "script"]
    assert scripts == [{}]
    assert not [tag for tag, _ in reader.found if tag in {"img", "iframe", "object", "form", "base"}]
    links = [attrs.get("href") or "" for tag, attrs in reader.found if tag == "a"]
    assert links
    assert all(link.startswith("#") for link in links)
    ids = [attrs["id"] for _, attrs in reader.found if attrs.get("id")]
    assert len(set(ids)) == len(ids)
    assert SCRIPT in "".join(reader.text)
    assert "$x_1$ & \"b\" 'c'" in "".join(reader.text)
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?https?:", text)
    described = [attrs for tag, attrs in reader.found if tag == "svg"]
    assert len(described) >= 8
    assert all(attrs["role"] == "img" and attrs["aria-labelledby"] for attrs in described)


def test_the_same_report_is_the_same_to_the_byte(source: Source) -> None:
    assert page(build_document(source)) == page(build_document(source))


def test_markdown_shows_names_as_they_are(source: Source) -> None:
    text = markdown(build_document(source))
    assert text.startswith("# What is the effect of t (1 vs 0) on y?\n")
    assert "<script>" not in text
    assert escaped(SCRIPT) in text
    assert not re.search(r"(?<!\\)\]\(", text)
    for line in text.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) >= 3
    tables = re.findall(r"(?m)^\|(?: *-{2,}:? *\|| *-+: *\|)+$", text)
    assert len(tables) >= 8


def test_bounds_that_the_headline_contradicts_are_named_and_notes_are_told_once(source: Source) -> None:
    headline = source.analysis.headline
    assert headline is not None
    assert headline.value is not None
    note = "It is taken that no outcome lies beyond 1 and 2."
    far = Bound(name="a", title="far", low=headline.value + 1e6, high=headline.value + 2e6, notes=(note,))
    near = Bound(name="b", title="near", low=headline.value - 1e6, high=headline.value + 1e6, notes=(note,))
    section = bounds_section(replace(source, analysis=source.analysis.model_copy(update={"bounds": (far, near)})))
    assert section is not None
    told = [block.text for block in section.blocks if isinstance(block, Paragraph)]
    assert told.count(note) == 1
    assert [text for text in told if "at odds" in text] == [text for text in told if "“far”" in text] != []
