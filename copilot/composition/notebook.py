"""What a notebook needs beside the analysis: how the table was read, and how its columns became numbers."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import SeedSequence

from copilot.data.atomic import write_atomic
from copilot.data.reading import MISSING_WORDS, ColumnReading
from copilot.data.rows import open_rows
from copilot.data.runs import to_json
from copilot.data.sources import Source, Storage, find_source, storage_of
from copilot.data.tables import ReadOptions, Table
from copilot.domain.identification.values import Strategy
from copilot.domain.variables import Kind
from copilot.errors import EstimationError
from copilot.estimation.design import Design, MissingPolicy, Prepared
from copilot.estimation.estimators.linear_regression import LINEAR_REGRESSION
from copilot.estimation.prepare.encode import encode
from copilot.estimation.prepare.gaps import mark_gaps
from copilot.estimation.prepare.notes import Notes
from copilot.estimation.prepare.pieces import Levels, Piece, Quantity, coded, read_piece
from copilot.estimation.prepare.prepare import prepare
from copilot.estimation.problem import Ask, Floats, Integers, Problem
from copilot.report.notebook import notebook
from copilot.report.notebook_graph import relevant
from copilot.report.notebook_source import (
    Cell,
    ModelColumn,
    NotebookColumn,
    NotebookFile,
    NotebookNumbers,
    NotebookSource,
)
from copilot.workflow.effect import design_of

if TYPE_CHECKING:
    import pandas as pd

    from copilot.composition.effect import EffectJob
    from copilot.domain.analysis import Analysis

_PACKAGES = ("dowhy", "numpy", "pandas", "statsmodels", "scikit-learn", "networkx", "pydot")
_WORDS = tuple(sorted(MISSING_WORDS))
_ROUNDING = 1e-9
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")


def write_notebook(place: Path, job: EffectJob, analysis: Analysis) -> str:
    """Write the notebook that redoes an analysis, whole or not at all.

    Parameters
    ----------
    place
        Where.
    job, analysis
        What was asked for, and what came.

    Returns
    -------
    str
        A sentence: what it holds.

    Raises
    ------
    UsageError
        If it cannot be written.
    """
    options = job.options
    estimated = analysis.chosen is not None and analysis.headline is not None
    design = design_of(options.query, analysis.chosen, job.wishes) if analysis.chosen and estimated else None
    source = notebook_source(analysis, job.table, data=options.data, read=options.read, design=design)
    write_atomic(place, to_json(notebook(analysis, source)))
    if source.numbers is not None:
        return f"A notebook that redoes this: {place}"
    return f"No number can be redone, so the notebook shows the identification alone: {place}"


def notebook_source(
    analysis: Analysis, table: Table, *, data: str, read: ReadOptions, design: Design | None
) -> NotebookSource:
    """Gather what a notebook needs; the numbers are prepared once more for it."""
    numbers = None if design is None else _numbers(table, design)
    known = set(table.profile.names)
    graphed = [name for name in relevant(analysis) if name in known and name not in analysis.review.graph.latent]
    modelled = () if numbers is None or design is None else _modelled(design, numbers)
    file = _file(table, tuple(dict.fromkeys((*graphed, *modelled))), _forms(table, modelled), data, read)
    packages = (*_PACKAGES, "pyarrow") if file.parquet else _PACKAGES
    versions = tuple((name, found) for name in packages if (found := _version(name)))
    return NotebookSource(file, numbers, versions)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _modelled(design: Design, numbers: NotebookNumbers) -> tuple[str, ...]:
    """Name the columns whose cells are read, and not only their names."""
    blocks = (*numbers.covariates, *numbers.instruments, *numbers.mediators)
    return (design.treatment, design.outcome, *numbers.needed, *(column.name for column in blocks))


def _forms(table: Table, names: tuple[str, ...]) -> dict[str, str]:
    """Say what cells become, by what the frame of one row holds."""
    forms = {"M": "date", **dict.fromkeys("fiub", "number")}
    frame = table.frame(tuple(dict.fromkeys(names)), 1)
    return {name: forms.get(frame[name].dtype.kind, "text") for name in frame.columns}


def _file(table: Table, wanted: tuple[str, ...], forms: dict[str, str], data: str, read: ReadOptions) -> NotebookFile:
    """Say how the file is opened, and how each column of it is read."""
    source = find_source(data)
    storage = storage_of(source)
    sha256 = table.profile.sha256
    if storage is Storage.PARQUET:
        from copilot.data.parquet import profile_parquet

        parquet = profile_parquet(source, read)
        columns = [_column(parquet.readings[name], forms.get(name, "")) for name in wanted]
        return NotebookFile(data, sha256, parquet=True, missing_words=_WORDS, columns=_in_order(columns))
    from copilot.data.text_table import profile_text

    text = profile_text(source, storage, read)
    columns = [_column(text.readings[name], forms.get(name, "")) for name in wanted]
    with open_rows(source, storage, read) as stream:
        delimiter = stream.delimiter
    return NotebookFile(
        path=data,
        sha256=sha256,
        gzipped=storage is Storage.GZIP,
        encoding=_encoding(source, storage, read),
        delimiter=delimiter,
        skipped=_skipped(source, storage, read),
        footer=text.footer is not None,
        missing_words=_WORDS,
        columns=_in_order(columns),
    )


def _in_order(columns: list[NotebookColumn]) -> tuple[NotebookColumn, ...]:
    return tuple(sorted(columns, key=lambda column: column.position))


def _first_bytes(source: Source, storage: Storage) -> bytes:
    for block in source.blocks(storage):
        return block
    return b""


def _encoding(source: Source, storage: Storage, read: ReadOptions) -> str:
    """Name the encoding for pandas, which does not look at byte-order marks of its own accord."""
    head = _first_bytes(source, storage)
    if head.startswith(_UTF32):
        return "utf-32"
    if head.startswith(_UTF16) and (read.encoding is None or "16" in read.encoding):
        return "utf-16"
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    return read.encoding or "utf-8"


def _skipped(source: Source, storage: Storage, read: ReadOptions) -> int:
    """Count the lines before the header: blank ones, and the one with which Excel declares a delimiter."""
    from copilot.data.decoding import decode_lines
    from copilot.data.dialect import declared_delimiter

    skipped, declared = 0, False
    for line in decode_lines(source.name, source.blocks(storage), read.encoding):
        if line.strip() and (declared or declared_delimiter(line) is None):
            return skipped
        declared = declared or bool(line.strip())
        skipped += 1
    return skipped


def _column(reading: ColumnReading, form: str) -> NotebookColumn:
    """Say how a column is read; without a form only its name matters."""
    if not form:
        return NotebookColumn(reading.name, reading.position)
    words = MISSING_WORDS if form != "text" else frozenset()
    return NotebookColumn(
        reading.name,
        reading.position,
        form=form,
        decimal=reading.number.decimal,
        group=reading.number.group,
        day_first=reading.date is not None and reading.date.order == "dmy",
        missing=tuple(sorted(reading.missing - words - {""})),
    )


def _numbers(table: Table, design: Design) -> NotebookNumbers | None:
    """Prepare the numbers once more and say how that is done; ``None`` where complete rows do not allow it."""
    imputed = design.missing is MissingPolicy.MULTIPLE
    if imputed:
        design = replace(design, missing=MissingPolicy.DROP)
    frame = table.frame(design.columns)
    try:
        prepared = prepare(frame, table.profile, design, seed=SeedSequence(0))
    except EstimationError:
        if imputed:
            return None
        raise
    problem, rows = prepared.problem, prepared.row_numbers
    blocks = _Blocks(frame, table, design, prepared)
    treatment, outcome = (read_piece(frame, name).take(rows) for name in (design.treatment, design.outcome))
    step = None
    if not problem.binary_treatment and design.contrast is not None:
        step = (float(design.contrast[0]), float(design.contrast[1]))
    instruments = problem.instruments
    return NotebookNumbers(
        needed=blocks.needed,
        treatment_levels=_two(treatment, problem.t) if problem.binary_treatment else None,
        step=step,
        outcome_levels=_two(outcome, problem.y) if problem.binary_outcome else None,
        covariates=blocks.columns(design.adjustment, problem.covariates, problem.covariate_of),
        instruments=blocks.columns(design.instruments, instruments, problem.instrument_of),
        mediators=blocks.columns(design.mediators, problem.mediators, problem.mediator_of),
        weights=design.weights,
        rows=prepared.rows_used,
        two_valued_instrument=instruments.shape[1] == 1 and len(np.unique(instruments)) == 2,  # noqa: PLR2004 (two)
        beside=_beside(problem),
        imputed=imputed,
    )


def _beside(problem: Problem) -> float | None:
    """Fit the linear regression that stands in for other estimators."""
    if problem.strategy is not Strategy.BACKDOOR:
        return None
    return float(LINEAR_REGRESSION.fit(problem, Ask()).value)


def _two(piece: Piece, values: Floats) -> tuple[Cell, Cell]:
    """Give the cells that became 0 and 1."""
    found = [_cell(piece, int(np.argmax(values == end))) for end in (0.0, 1.0)]
    return found[0], found[1]


def _cell(piece: Piece, row: int) -> Cell:
    return piece.labels[int(piece.codes[row])] if isinstance(piece, Levels) else float(piece.cells[row])


class _Blocks:
    """Covariates, instruments and mediators as they stand in a problem, found again in the frame."""

    def __init__(self, frame: pd.DataFrame, table: Table, design: Design, prepared: Prepared) -> None:
        self._profile, self._design, self._rows = table.profile, design, prepared.row_numbers
        blocks = (*design.adjustment, *design.instruments, *design.mediators)
        self._pieces = {name: read_piece(frame, name) for name in dict.fromkeys(blocks)}

    def _kind(self, name: str) -> Kind:
        column = self._profile.column(name)
        return Kind.CONTINUOUS if column is None else column.kind

    def _usable(self, name: str) -> bool:
        """Tell whether a column was read for the model at all, as `prepare` decides it."""
        piece, kind = self._pieces[name], self._kind(name)
        dated = kind is Kind.DATE and isinstance(piece, Levels)
        return not (kind is Kind.IDENTIFIER or piece.constant or dated)

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns without which a row was not used."""
        design = self._design
        filled = design.missing is MissingPolicy.INDICATOR
        blocks = ((() if filled else design.adjustment), design.instruments, design.mediators)
        found = [name for block in blocks for name in block if self._usable(name)]
        extra = [name for name in (design.weights, design.cluster, design.by) if name is not None]
        return tuple(dict.fromkeys((design.treatment, design.outcome, *found, *extra)))

    def columns(self, names: tuple[str, ...], matrix: Floats, of: tuple[str, ...]) -> tuple[ModelColumn, ...]:
        """Say how each variable enters."""
        kept = dict.fromkeys(of)
        return tuple(self._column(name, matrix[:, [one == name for one in of]]) for name in names if name in kept)

    def _column(self, name: str, matrix: Floats) -> ModelColumn:
        whole = coded(self._pieces[name].take(self._rows), self._kind(name))
        gaps = bool(whole.missing.any())
        marked = mark_gaps([whole], Notes()) if gaps else [whole]
        marked = [piece for piece in marked if not piece.constant]
        encoded = encode(marked, len(self._rows)).matrix
        kept = _positions(encoded, matrix)
        if isinstance(whole, Quantity):
            # A column that is filled comes first, and the one that marks its gaps after it.
            marks = [bool(piece.label) for piece in marked if isinstance(piece, Quantity)]
            entered = [marks[i] for i in kept]
            return ModelColumn(name, number=False in entered, gap=True in entered, filled=gaps)
        last = marked[0]
        labels = last.labels if isinstance(last, Levels) else ()
        cells, gap_level = self._cells(name, labels, gaps=gaps)
        coded_levels = _coded(last.counts if isinstance(last, Levels) else np.zeros(0, dtype=np.int64))
        levels = tuple(cells[coded_levels[i]] for i in kept)
        return ModelColumn(name, number=False, levels=levels, filled=gaps, gap_level=gap_level)

    def _cells(self, name: str, labels: tuple[str, ...], *, gaps: bool) -> tuple[tuple[Cell, ...], str]:
        """Give levels as they stand in the table, and the text that is to stand for a missing one."""
        piece = self._pieces[name]
        gap_level = "(missing)"
        while gap_level in labels:
            gap_level = f"({gap_level})"
        own: tuple[Cell, ...] = labels[: len(labels) - gaps]
        if isinstance(piece, Quantity):
            cells = piece.cells[self._rows]
            own = tuple(float(value) for value in np.unique(cells[~np.isnan(cells)]))
        return (*own, *((gap_level,) if gaps else ())), gap_level if gaps else ""


def _coded(counts: Integers) -> list[int]:
    """Give the numbers of the levels that have a column: those with rows, but for the commonest."""
    present = np.flatnonzero(counts)
    base = int(present[np.argmax(counts[present])])
    return [int(level) for level in present if level != base]


def _positions(encoded: Floats, kept: Floats) -> list[int]:
    """Find the columns that were kept among all, in their order; they are the same but for rounding."""
    found: list[int] = []
    at = 0
    for column in kept.T:
        while at < encoded.shape[1] - 1 and not np.allclose(encoded[:, at], column, rtol=0.0, atol=_ROUNDING):
            at += 1
        found.append(at)
        at += 1
    return found
