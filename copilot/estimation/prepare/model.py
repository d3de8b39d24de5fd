"""Covariates, instruments and mediators as matrices of full rank, after a look for leaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from copilot.domain.text import shown
from copilot.errors import EstimationError
from copilot.estimation.prepare.companions import SPARE_ROWS
from copilot.estimation.prepare.encode import Encoded, encode, scale_of
from copilot.estimation.prepare.notes import Notes, counted, listed
from copilot.estimation.prepare.pieces import Levels, Piece
from copilot.estimation.prepare.rank import TOLERANCE, correlations, own_shares
from copilot.estimation.problem import Floats, Integers

COPY = 1.0 - 1e-10
"""Correlation beyond which a column is an exact linear function of another."""
NEAR_COPY = 0.999
_NEARLY_DEPENDENT = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """The right-hand sides."""

    covariates: Encoded
    instruments: Encoded
    mediators: Encoded


@dataclass(frozen=True, slots=True)
class Ends:
    """Names of treatment and outcome, for messages."""

    treatment: str
    outcome: str


def build_model(
    blocks: tuple[Sequence[Piece], Sequence[Piece], Sequence[Piece]],
    ends: Ends,
    t: Floats,
    y: Floats,
    notes: Notes,
) -> Model:
    """Encode all columns and leave out what copies the outcome or says nothing new.

    Parameters
    ----------
    blocks
        Covariates, instruments and mediators: complete columns that vary.
    ends
        Names.
    t, y
        Treatment and outcome of shape (n,), neither constant.
    notes
        Told of leaks and of collinear columns.

    Raises
    ------
    EstimationError
        If a covariate or mediator copies the treatment, covariates determine it, no instrument or no mediator is
        left, or there are too few rows for so many columns.
    """
    rows = t.size
    _check_width(blocks, rows)
    scaled = np.empty((rows, 2))
    scaled[:, 0], scaled[:, 1] = scale_of(t)(t), scale_of(y)(y)
    _compare_ends(scaled, ends, notes)
    covariates, instruments, mediators = (
        _without_leaks(encode(pieces, rows), scaled, ends, role, notes)
        for pieces, role in zip(blocks, ("covariate", "instrument", "mediator"), strict=True)
    )
    covariates = _independent(covariates, np.empty((rows, 0)), notes)
    _check_rows(rows, (covariates,))  # before anything is concluded from a fit that has no freedom left
    if covariates.of:
        _look_for_determined(covariates, scaled, ends, notes)
    instruments = _independent(instruments, covariates.matrix, notes)
    if mediators.of:
        mediators = _independent(mediators, np.column_stack([covariates.matrix, scaled[:, :1]]), notes)
    for pieces, encoded, role in ((blocks[1], instruments, "instrument"), (blocks[2], mediators, "mediator")):
        if pieces and not encoded.of:
            raise EstimationError(
                f"no {role} is left: {listed([piece.name for piece in pieces])} cannot be told from the other columns",
                reason=f"What moves the {role} is known from the treatment, the outcome or the covariates alone.",
                advice=f"Name another {role}, or adjust for fewer columns.",
            )
    _check_rows(rows, (covariates, instruments, mediators))
    return Model(covariates, instruments, mediators)


def too_few(rows: int, need: int, why: str) -> EstimationError:
    """Make the error for too few rows."""
    return EstimationError(
        f"{counted(rows)}, need at least {need:,}",
        reason=why,
        advice="Use more rows, adjust for fewer columns, or join the levels of a text column into fewer groups.",
    )


def _check_width(blocks: Sequence[Sequence[Piece]], rows: int) -> None:
    """Refuse far more columns than rows before they are multiplied out."""
    columns = sum(
        int(np.count_nonzero(piece.counts)) - 1 if isinstance(piece, Levels) else 1 for part in blocks for piece in part
    )
    if columns > 2 * rows:
        raise too_few(rows, columns + 2 + SPARE_ROWS, f"The covariates take {counted(columns, 'column')}.")


def _check_rows(rows: int, blocks: Sequence[Encoded]) -> None:
    names = [name for block in blocks for name in block.of]
    need = len(names) + 2 + SPARE_ROWS
    if rows >= need:
        return
    widest = max(dict.fromkeys(names), key=names.count, default="")
    most = names.count(widest)
    why = f"There are {len(names) + 2:,} parameters, and {SPARE_ROWS} rows more are needed to judge their errors"
    raise too_few(rows, need, f"{why}; {shown(widest)} alone takes {most:,} columns." if most > 1 else f"{why}.")


def _without_leaks(encoded: Encoded, scaled: Floats, ends: Ends, role: str, notes: Notes) -> Encoded:
    """Compare each column with the treatment and the outcome."""
    if not encoded.of:
        return encoded
    close = np.abs(correlations(encoded.matrix, scaled))
    for column in np.flatnonzero(close[:, 0] > COPY):
        _copy_of_treatment(encoded.of[column], encoded.labels[column], ends.treatment, role, notes)
    leaks = {encoded.of[column]: encoded.labels[column] for column in np.flatnonzero(close[:, 1] > COPY)}
    for name, label in leaks.items():
        notes.warn(
            "leak_outcome",
            f"{shown(label)} is a copy or an exact linear function of the outcome {shown(ends.outcome)}; "
            f"the {role} is left out, for adjusting for the outcome itself hides every effect",
            name,
        )
    for j, other in enumerate((ends.treatment, ends.outcome)):
        for column in np.flatnonzero((close[:, j] > NEAR_COPY) & (close[:, j] <= COPY)):
            notes.warn(
                "near_copy",
                f"{shown(encoded.labels[column])} and {shown(other)} are nearly the same: their correlation is beyond "
                f"{NEAR_COPY}; check that the one is not made from the other",
                encoded.of[column],
            )
    return encoded.keep(np.array([i for i, name in enumerate(encoded.of) if name not in leaks], dtype=np.int64))


def _compare_ends(scaled: Floats, ends: Ends, notes: Notes) -> None:
    """Warn of an outcome that is the treatment in other words; neither can be left out."""
    close = abs(float(correlations(scaled)[0, 1]))
    treatment, outcome = shown(ends.treatment), shown(ends.outcome)
    if close > COPY:
        notes.warn(
            "outcome_copies_treatment",
            f"the outcome {outcome} is a copy or an exact linear function of the treatment {treatment}; the estimate "
            "is how the one is written as the other, and no effect",
            ends.outcome,
        )
    elif close > NEAR_COPY:
        notes.warn(
            "near_copy",
            f"{outcome} and {treatment} are nearly the same: their correlation is beyond {NEAR_COPY}; check that the "
            "one is not made from the other",
            ends.outcome,
        )


def _copy_of_treatment(name: str, label: str, treatment: str, role: str, notes: Notes) -> None:
    text = f"{shown(label)} is a copy or an exact linear function of the treatment {shown(treatment)}"
    if role == "instrument":
        notes.warn("copy_of_treatment", f"{text}; as an instrument it adds nothing to plain regression", name)
        return
    raise EstimationError(
        f"the {role} {text}",
        reason="With it held fixed the treatment cannot vary, so that no effect is left to see.",
        advice=f"Leave out {shown(name)}.",
    )


def _independent(encoded: Encoded, given: Floats, notes: Notes) -> Encoded:
    """Leave out columns that `given`, the columns before them, or both determine."""
    if not encoded.of:
        return encoded
    inner = correlations(encoded.matrix)
    width = given.shape[1]
    if width:
        cross = correlations(given, encoded.matrix)
        inner = np.block([[correlations(given), cross], [cross.T, inner]])
    shares = own_shares(inner)[width:]
    kept = np.flatnonzero(shares > TOLERANCE).astype(np.int64)
    dropped = [encoded.labels[i] for i in np.flatnonzero(shares <= TOLERANCE)]
    if dropped:
        notes.warn(
            "collinear",
            f"{counted(len(dropped), 'column')} can be computed from the others and "
            f"{'is' if len(dropped) == 1 else 'are'} left out, which changes no estimate: {listed(dropped)}",
            encoded.of[int(np.argmin(shares))],
            len(dropped),
        )
    nearly = [encoded.labels[i] for i in kept if shares[i] < _NEARLY_DEPENDENT]
    if nearly:
        notes.info("nearly_collinear", f"nearly computable from the other columns: {listed(nearly)}", count=len(nearly))
    return encoded.keep(kept)


def _look_for_determined(covariates: Encoded, scaled: Floats, ends: Ends, notes: Notes) -> None:
    """Refuse a treatment that is a linear combination of covariates, and warn of such an outcome."""
    inner, cross = correlations(covariates.matrix), correlations(covariates.matrix, scaled)
    weights: Floats = np.asarray(np.linalg.solve(inner, cross), dtype=np.float64)
    free = 1.0 - np.einsum("ij,ij->j", cross, weights)
    if free[0] <= TOLERANCE:
        names = tuple(dict.fromkeys(_involved(covariates, weights[:, 0])))
        raise EstimationError(
            f"the covariates determine the treatment {shown(ends.treatment)}: {listed(names)}",
            reason="With them held fixed the treatment cannot vary, so that no effect is left to see.",
            advice="Leave out the one that the treatment is made from.",
        )
    if free[1] <= TOLERANCE:
        names = tuple(dict.fromkeys(_involved(covariates, weights[:, 1])))
        notes.warn(
            "leak_outcome",
            f"{listed(names)} together determine the outcome {shown(ends.outcome)} exactly; if it is made from them, "
            "adjusting for them hides every effect",
            names[0],
            len(names),
        )


def _involved(covariates: Encoded, weights: Floats) -> list[str]:
    chosen: Integers = np.flatnonzero(np.abs(weights) > 1e-6).astype(np.int64)  # noqa: PLR2004 (rounding)
    return [covariates.of[i] for i in chosen]
