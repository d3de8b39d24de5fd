"""From a frame, a profile and a design to a problem in numbers, with everything that was done on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import SeedSequence, default_rng

from copilot.domain.identification.values import Strategy
from copilot.domain.text import shown
from copilot.domain.variables import Kind, TableProfile
from copilot.errors import UnknownVariableError
from copilot.estimation.design import Contrast, Design, MissingPolicy, Prepared
from copilot.estimation.prepare.checks import check_design
from copilot.estimation.prepare.codes import say_codes
from copilot.estimation.prepare.companions import (
    SPARE_ROWS,
    check_groups,
    clusters_of,
    control_values,
    groups_of,
    weights_of,
    zero_weights,
)
from copilot.estimation.prepare.encode import scale_of
from copilot.estimation.prepare.gaps import mark_gaps, say_imputed
from copilot.estimation.prepare.impute import impute
from copilot.estimation.prepare.model import Ends, Model, build_model, too_few
from copilot.estimation.prepare.notes import Notes, counted
from copilot.estimation.prepare.outcome import Outcome, check_varies, read_outcome
from copilot.estimation.prepare.pieces import Levels, Piece, Quantity, coded, read_piece
from copilot.estimation.prepare.rows import complete_rows
from copilot.estimation.prepare.steps import say_uneven_steps
from copilot.estimation.prepare.treatment import UNIT_MORE, Treatment, finish_treatment, read_treatment
from copilot.estimation.problem import Floats, Integers, Problem

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_design", "prepare"]

FEWEST_ROWS = 2 + SPARE_ROWS


def prepare(
    frame: pd.DataFrame, profile: TableProfile, design: Design, *, seed: SeedSequence, imputations: int = 10
) -> Prepared:
    """Prepare the numbers of an analysis.

    Parameters
    ----------
    frame
        Holds `design.columns` at least, as `Table.frame` gives them: float64 with NaN, datetime64, or objects of
        `str` with ``None``. It is only read, and numbers in it are not copied where all rows are used.
    profile
        Of the same table: kinds of columns.
    design
        What is wanted.
    seed
        Of imputations; each has a child of its own.
    imputations
        How many, under `MissingPolicy.MULTIPLE` and if anything is missing.

    Returns
    -------
    Prepared
        The notices include those of `check_design`.

    Raises
    ------
    UnknownVariableError
        If a name is no column.
    EstimationError
        If these columns do not allow an estimate, with what to do about it.
    """
    notes = Notes()
    notes.extend(check_design(profile, design))
    read = _Reader(frame, profile, design, notes).read()
    rows = _choose_rows(read, design, notes)
    used = _take(read, rows, len(frame), profile, notes)
    check_varies(used.outcome)
    treatment = finish_treatment(used.treatment, notes)
    fills = _fill(used, design.missing, seed, imputations, notes)
    weights = None if used.weights is None else weights_of(used.weights)
    clusters = None if used.cluster is None else clusters_of(used.cluster, notes)
    problems = []
    ends = Ends(design.treatment, design.outcome)
    for number, blocks in enumerate(fills):
        kept = _varying(blocks, notes if number == 0 else Notes())
        model = build_model(kept, ends, treatment.cells, used.outcome.cells, notes if number == 0 else Notes())
        problems.append(_problem(design, treatment, used.outcome, model, weights, clusters))
        if number == 0:
            say_codes(problems[0], kept[0], ends, notes)
    if design.contrast is None:
        say_uneven_steps(problems[0], used.treatment.cells, ends, notes)
    groups = {}
    if used.by is not None:
        arms = treatment.cells if treatment.binary else None
        groups = groups_of(used.by, arms, problems[0].covariates.shape[1], notes)
    controls = {name: control_values(piece, rows, notes) for name, piece in read.controls.items()}
    return Prepared(
        problems=tuple(problems),
        contrast=treatment.contrast,
        unit=unit_of(design, treatment.contrast, used.outcome),
        rows_read=len(frame),
        rows_used=len(rows),
        row_numbers=rows,
        groups=groups,
        negative_controls={name: values for name, values in controls.items() if values is not None},
        notices=notes.all,
    )


def unit_of(design: Design, contrast: Contrast, outcome: Outcome) -> str:
    """Say in words what the effect is measured in."""
    what = shown(design.outcome)
    if outcome.binary:
        what = f"probability of {what} = {shown(outcome.event)}"
    if contrast.text == UNIT_MORE:
        return f"{what}, {UNIT_MORE} of {shown(design.treatment)}"
    return f"{what}, {shown(design.treatment)} {contrast.text}"


Blocks = tuple[list[Piece], list[Piece], list[Piece]]
"""Covariates, instruments and mediators."""


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """All columns of a design, of all rows or of those used."""

    treatment: Treatment
    outcome: Outcome
    blocks: Blocks
    weights: Quantity | None
    zero: np.ndarray[tuple[int], np.dtype[np.bool_]] | None
    cluster: Piece | None
    by: Levels | None
    controls: dict[str, Piece]


class _Reader:
    """Reads the columns of a design from a frame."""

    def __init__(self, frame: pd.DataFrame, profile: TableProfile, design: Design, notes: Notes) -> None:
        self._frame, self._profile, self._design, self._notes = frame, profile, design, notes
        known = [str(name) for name in frame.columns]
        for name in design.columns:
            if name not in known:
                raise UnknownVariableError(name, known, "column of the frame")

    def read(self) -> _Columns:
        """Read all."""
        design, notes = self._design, self._notes
        if len(self._frame) < FEWEST_ROWS:
            raise too_few(len(self._frame), FEWEST_ROWS + len(design.adjustment), _why(len(design.adjustment)))
        blocks = tuple(self._block(names) for names in (design.adjustment, design.instruments, design.mediators))
        weights = None if design.weights is None else self._piece(design.weights)
        zero = None if weights is None else zero_weights(weights, notes)
        return _Columns(
            treatment=read_treatment(
                self._piece(design.treatment), design.contrast, notes, instrumented=design.strategy is Strategy.IV
            ),
            outcome=read_outcome(self._piece(design.outcome), notes),
            blocks=(blocks[0], blocks[1], blocks[2]),
            weights=weights if isinstance(weights, Quantity) else None,
            zero=zero,
            cluster=None if design.cluster is None else self._piece(design.cluster),
            by=None if design.by is None else check_groups(self._piece(design.by)),
            controls={name: self._piece(name) for name in design.negative_controls},
        )

    def _piece(self, name: str) -> Piece:
        return read_piece(self._frame, name)

    def _block(self, names: Sequence[str]) -> list[Piece]:
        found = (self._usable(name) for name in dict.fromkeys(names))
        return [piece for piece in found if piece is not None]

    def _usable(self, name: str) -> Piece | None:
        """Read a column of the model, or say why it is none."""
        column = self._profile.column(name)
        kind = Kind.CONTINUOUS if column is None else column.kind
        if kind is Kind.IDENTIFIER:
            return None  # said by `check_design`
        piece = self._piece(name)
        if piece.constant:
            _constant(piece, "one value in all rows", self._notes)
            return None
        if kind is Kind.DATE and isinstance(piece, Levels):
            self._notes.warn(
                "date_left_out", f"{shown(name)} holds dates that are read as text; it is not adjusted for", name
            )
            return None
        if kind is Kind.DATE:
            self._notes.info("date_as_days", f"{shown(name)} enters as days since its earliest date", name)
        return piece


def _why(columns: int) -> str:
    return f"There are at least {columns + 2} parameters, and {SPARE_ROWS} rows more are needed to judge their errors."


def _constant(piece: Piece, what: str, notes: Notes) -> None:
    """Say that a column is left out because it does not vary."""
    what = "no value at all" if bool(piece.missing.all()) else what
    notes.warn("constant_left_out", f"{shown(piece.name)} has {what} and is left out", piece.name)


def _choose_rows(read: _Columns, design: Design, notes: Notes) -> Integers:
    """Leave out rows outside the contrast, of weight 0, and with missing cells that the policy does not fill."""
    apart = np.zeros(read.treatment.cells.shape, dtype=bool)
    for mask in (read.treatment.outside, read.zero):
        if mask is not None:
            apart |= mask
    gaps = [(design.treatment, read.treatment.missing), (design.outcome, read.outcome.missing)]
    covariates, instruments, mediators = read.blocks
    if design.missing is MissingPolicy.DROP:
        needed = [*covariates, *instruments, *mediators]
    else:
        needed = [] if design.missing is MissingPolicy.MULTIPLE else [*instruments, *mediators]
    companions = [piece for piece in (read.weights, read.cluster, read.by) if piece is not None]
    seen = {design.treatment, design.outcome}
    for piece in (*needed, *companions):
        if piece.name not in seen:
            seen.add(piece.name)
            gaps.append((piece.name, piece.missing))
    return complete_rows(gaps, apart, notes)


def _take(read: _Columns, rows: Integers, total: int, profile: TableProfile, notes: Notes) -> _Columns:
    """Keep the rows that are used, and take codes as levels."""
    if len(rows) < FEWEST_ROWS:
        columns = len(read.blocks[0])
        raise too_few(len(rows), FEWEST_ROWS + columns, _why(columns))
    everything = len(rows) == total
    kinds = {column.name: column.kind for column in profile.columns}

    def part(pieces: list[Piece]) -> list[Piece]:
        taken = [piece if everything else piece.take(rows) for piece in pieces]
        return [coded(piece, kinds.get(piece.name, Kind.CONTINUOUS)) for piece in taken]

    covariates, instruments, mediators = (part(pieces) for pieces in read.blocks)
    levels = [piece.name for piece in covariates if isinstance(piece, Levels) and kinds.get(piece.name) is Kind.ORDINAL]
    numeric = [name for name in levels if (column := profile.column(name)) is not None and column.numeric]
    for name in numeric:
        notes.info("codes_as_levels", f"each value of {shown(name)} enters as a level of its own", name)
    if everything:
        return replace(read, blocks=(covariates, instruments, mediators))
    return replace(
        read,
        treatment=read.treatment.take(rows),
        outcome=read.outcome.take(rows),
        blocks=(covariates, instruments, mediators),
        weights=None if read.weights is None else read.weights.take(rows),
        cluster=None if read.cluster is None else read.cluster.take(rows),
        by=None if read.by is None else read.by.take(rows),
    )


def _fill(used: _Columns, policy: MissingPolicy, seed: SeedSequence, imputations: int, notes: Notes) -> list[Blocks]:
    """Fill missing cells by the policy: once, or once for each imputation."""
    covariates, instruments, mediators = used.blocks
    if policy is MissingPolicy.INDICATOR:
        return [(mark_gaps(covariates, notes), instruments, mediators)]
    if policy is MissingPolicy.DROP:
        return [used.blocks]
    ends = [used.treatment.cells, used.outcome.cells]
    together: list[Piece] = []
    for piece in (*covariates, *instruments, *mediators):
        if bool(piece.missing.all()):
            _constant(piece, "no value", notes)
        else:
            together.append(piece)
    say_imputed(together, imputations, notes)
    scales = [scale_of(end) for end in ends]
    complete = np.stack([scale(end) for scale, end in zip(scales, ends, strict=True) if scale.spread > 0], axis=1)
    filled: list[Blocks] = []
    for number in range(imputations if any(bool(piece.missing.any()) for piece in together) else 1):
        child = SeedSequence(entropy=seed.entropy, spawn_key=(*seed.spawn_key, number))
        by_name = {piece.name: piece for piece in impute(together, complete, default_rng(child))}
        a, b, c = ([by_name[piece.name] for piece in part if piece.name in by_name] for part in used.blocks)
        filled.append((a, b, c))
    return filled


def _varying(blocks: Blocks, notes: Notes) -> Blocks:
    """Leave out columns that have become constant."""
    for piece in (piece for part in blocks for piece in part if piece.constant):
        _constant(piece, "one value in the rows that are used", notes)
    a, b, c = ([piece for piece in part if not piece.constant] for part in blocks)
    for piece in (*a, *b, *c):
        single = int(np.count_nonzero(piece.counts == 1)) if isinstance(piece, Levels) else 0
        if single:
            notes.info(
                "single_row_levels",
                f"{counted(single, 'level')} of {shown(piece.name)} {'has' if single == 1 else 'have'} one row only, "
                "which then says nothing about the effect",
                piece.name,
                single,
            )
    return a, b, c


def _problem(
    design: Design,
    treatment: Treatment,
    outcome: Outcome,
    model: Model,
    weights: Floats | None,
    clusters: Integers | None,
) -> Problem:
    return Problem(
        # A view of one column would keep the whole frame in memory.
        y=outcome.cells.copy(),
        t=treatment.cells.copy(),
        covariates=model.covariates.matrix,
        covariate_of=model.covariates.of,
        binary_treatment=treatment.binary,
        binary_outcome=outcome.binary,
        low=treatment.low,
        high=treatment.high,
        strategy=design.strategy,
        instruments=model.instruments.matrix,
        mediators=model.mediators.matrix,
        instrument_of=model.instruments.of,
        mediator_of=model.mediators.of,
        weights=weights,
        clusters=clusters,
    )
