"""The page in a real browser: headless Chromium, from disk, with no network."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from copilot.report.document.build import build_document
from copilot.report.document.source import Source
from copilot.report.html.render import page

pytestmark = pytest.mark.slow
SCRIPT = "<script>alert(1)</script>"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    where = os.environ.get("COPILOT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if where is None:
        pytest.fail("the page is tested in Chromium: install Debian's package `chromium`, or set COPILOT_CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=where, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="module")
def place(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page(build_document(source)), encoding="utf-8")
    return path


@pytest.fixture
def visit(browser: Browser, place: Path) -> Iterator[Page]:
    """Open the page, and hold it to silence: no word on the console, no request beyond the file, no dialog."""
    context = browser.new_context(viewport={"width": 1100, "height": 800})
    opened, trouble = context.new_page(), []
    opened.on("console", lambda message: trouble.append(message.text))
    opened.on("pageerror", lambda error: trouble.append(str(error)))
    opened.on("dialog", lambda dialog: (trouble.append(dialog.message), dialog.dismiss()))
    opened.on(
        "request", lambda request: None if request.url.startswith(("file:", "data:")) else trouble.append(request.url)
    )
    opened.goto(place.as_uri())
    yield opened
    context.close()
    assert trouble == []


def test_headings_tables_and_pictures_are_there_and_can_be_seen(visit: Page) -> None:
    assert visit.title() == "What is the effect of t (1 vs 0) on y?"
    assert visit.locator("h2").count() >= 10
    assert visit.locator("table caption").count() == visit.locator("table").count() >= 8
    for picture in visit.locator("main > section > figure svg, section > figure svg").all():
        box = picture.bounding_box()
        if box is not None:  # folded away under "More on this"
            assert box["width"] > 200
            assert box["height"] > 30
    assert visit.locator("svg").count() == visit.locator("svg > title").count() >= 8
    assert SCRIPT in (visit.text_content("main") or "")


def test_what_is_known_of_an_edge_is_told_by_pointing_and_by_keyboard(visit: Page) -> None:
    told = visit.locator("#graph-drawing .told")
    edge = visit.locator("#graph-drawing svg g[tabindex][id*='edge-']").first
    edge.dispatch_event("mouseenter")
    assert "ballots" in (told.text_content() or "")
    visit.locator("#graph-drawing svg g[tabindex][id*='node-']").first.focus()
    assert "direct causes" in (told.text_content() or "")
    visit.keyboard.press("Tab")
    active = visit.evaluate("document.activeElement.getAttribute('aria-label')")
    assert told.text_content() == active


def test_every_stop_of_the_keyboard_has_a_name(visit: Page) -> None:
    visit.keyboard.press("Tab")
    assert visit.evaluate("document.activeElement.textContent") == "Skip to the report"
    names = []
    for _ in range(60):
        visit.keyboard.press("Tab")
        names.append(
            visit.evaluate("(e => e.getAttribute('aria-label') || e.textContent || '')(document.activeElement)")
        )
    assert all(name.strip() for name in names)


@pytest.mark.parametrize("width", [360, 768])
def test_it_fits_a_narrow_screen(visit: Page, width: int) -> None:
    visit.set_viewport_size({"width": width, "height": 740})
    assert visit.evaluate("document.documentElement.scrollWidth") <= width
    texts = "Array.from(document.querySelectorAll('#estimates-forest svg text'))"
    sizes = visit.evaluate(f"{texts}.map(text => text.getBoundingClientRect().height)")
    assert min(sizes) > 9


def test_it_is_legible_in_the_dark_and_in_print(visit: Page) -> None:
    def seen() -> tuple[float, float, float]:
        colours = visit.evaluate(
            """[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color,
                getComputedStyle(document.querySelector('#estimates-forest svg text')).fill]"""
        )
        paper, ink, drawn = (_luminance(colour) for colour in colours)
        return paper, ink, drawn

    for scheme in ("light", "dark"):
        visit.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        paper, ink, drawn = seen()
        assert (paper > 0.5) is (scheme == "light")
        assert _contrast(paper, ink) > 7
        assert _contrast(paper, drawn) > 7
    visit.emulate_media(media="print", color_scheme="dark")
    paper, ink, drawn = seen()
    assert _contrast(1.0, drawn) > 7
    assert _contrast(1.0, ink) > 7
    assert not visit.locator("nav").is_visible()


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: float, other: float) -> float:
    high, low = max(one, other), min(one, other)
    return (high + 0.05) / (low + 0.05)
