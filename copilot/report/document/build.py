"""The sections of the report in order: one function and one line here add a section."""

from __future__ import annotations

from collections.abc import Callable

from copilot.domain.text import clean
from copilot.report.document.blocks import Document, Section
from copilot.report.document.numbers import (
    controls_section,
    estimates_section,
    overlap_section,
    refutations_section,
    sensitivity_section,
)
from copilot.report.document.opening import graph_section, interpretation_section, verdict_section
from copilot.report.document.rests import (
    assumptions_section,
    bounds_section,
    many_graphs_section,
    repeat_section,
    rows_section,
    words_section,
)
from copilot.report.document.source import Source
from copilot.report.effect_screen import headline_text, question_lines

SECTIONS: tuple[Callable[[Source], Section | None], ...] = (
    verdict_section,
    interpretation_section,
    graph_section,
    estimates_section,
    refutations_section,
    many_graphs_section,
    bounds_section,
    sensitivity_section,
    controls_section,
    overlap_section,
    assumptions_section,
    rows_section,
    words_section,
    repeat_section,
)


def build_document(source: Source) -> Document:
    """Put the report together.

    Parameters
    ----------
    source
        An analysis, the votes behind its graph, and where it came from.

    Returns
    -------
    Document
        Without the sections that have nothing to say.
    """
    analysis = source.analysis
    question = dict(question_lines(analysis))["Question"]
    standing = analysis.verdict.standing.value if analysis.verdict is not None else ""
    found = (make(source) for make in SECTIONS)
    return Document(
        title=clean(question),
        standing=standing,
        lead=headline_text(analysis),
        sections=tuple(section for section in found if section is not None),
    )
