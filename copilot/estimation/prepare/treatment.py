"""The treatment in numbers, and which two of its levels are compared."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

import numpy as np

from copilot.domain.text import shown
from copilot.errors import EstimationError
from copilot.estimation.design import Contrast
from copilot.estimation.prepare.encode import scale_of
from copilot.estimation.prepare.notes import Notes, counted, plain
from copilot.estimation.prepare.pieces import Booleans, Levels, Piece, Quantity, levels_of
from copilot.estimation.prepare.words import likeliest_contrast, ordered, quoted
from copilot.estimation.problem import Floats, Integers

MOST_LISTED = 12
FEW_VALUES = 10
FEWEST_IN_ARM = 2
FEW_IN_ARM = 10
LARGEST = 1e60
"""Size up to which products of treatment and outcome, squared and summed over many rows, still fit into a double."""
SMALLEST = 1e-60
"""Range from which such products do not vanish."""


@dataclass(frozen=True, slots=True, eq=False)
class Treatment:
    """The treatment of every row read, or of those used.

    Parameters
    ----------
    name
        Of the column.
    cells
        0 and 1 if binary, the column's own numbers otherwise until `scaled`; NaN where missing.
    contrast
        What is compared.
    binary
        Whether there are two levels.
    low, high
        As in `Problem`; for the continuous kind known once it is scaled.
    outside
        Rows whose level is not compared.
    """

    name: str
    cells: Floats
    contrast: Contrast
    binary: bool
    low: float = 0.0
    high: float = 1.0
    outside: Booleans | None = None

    @property
    def missing(self) -> Booleans:
        """Rows without a value, of shape (n,); those outside the contrast have one."""
        gaps: Booleans = np.isnan(self.cells)
        return gaps if self.outside is None else gaps & ~self.outside

    def take(self, rows: Integers) -> Treatment:
        """Give some rows, all of them compared."""
        return replace(self, cells=self.cells[rows], outside=None)


def read_treatment(
    piece: Piece, wanted: tuple[str, str] | None, notes: Notes, *, instrumented: bool = False
) -> Treatment:
    """Read the treatment.

    Parameters
    ----------
    piece
        The column.
    wanted
        Which two of its levels are compared.
    notes
        Told of the direction, and of rows that are left out.
    instrumented
        Whether an instrument moves it. Then no row may be left out for the level it ended up with.

    Raises
    ------
    EstimationError
        If there are fewer than two levels, no such levels, or more than two texts and no contrast, or an instrument.
    """
    if piece.constant:
        raise constant(piece.name, "treatment")
    if isinstance(piece, Levels):
        levels = int(np.count_nonzero(piece.counts))
        if instrumented and levels > 2:  # noqa: PLR2004 (a contrast has two ends)
            raise moved_levels(piece.name, levels)
        return _of_levels(piece, wanted, notes)
    present = piece.cells[~piece.missing]
    low, high = float(present.min()), float(present.max())
    if bool(((present == low) | (present == high)).all()):
        return _of_two_numbers(piece, (low, high), wanted, notes)
    two = None if wanted is None or instrumented else _two_of_few(piece.name, present, wanted)
    if two is not None:
        return _of_levels(levels_of(piece.name, piece.cells), two, notes)
    return _of_quantity(piece, wanted)


def finish_treatment(treatment: Treatment, notes: Notes) -> Treatment:
    """Check the treatment on the rows used, and scale a continuous one.

    Raises
    ------
    EstimationError
        If it has become constant or an arm has fewer than two rows.
    """
    values, name = treatment.cells, treatment.name
    if treatment.binary:
        _check_arms(treatment, notes)
        return treatment
    if values.min() == values.max():
        raise constant(name, "treatment", "among the rows that are used")
    check_size(name, "treatment", values)
    scale = scale_of(values)
    given = treatment.contrast.text != UNIT_MORE
    if given:
        a, b = float(treatment.contrast.control), float(treatment.contrast.active)
        low, high = (((x - scale.shift) - scale.rest) / scale.spread for x in (a, b))
        contrast = treatment.contrast
    else:
        mean = scale.shift + scale.rest
        a, b = mean - 0.5, mean + 0.5
        low, high = -0.5 / scale.spread, 0.5 / scale.spread
        contrast = replace(treatment.contrast, control=plain(a), active=plain(b))
    _check_reach(name, (a, b), values, given, notes)
    distinct = np.unique(values[: 100 * FEW_VALUES])
    if len(distinct) <= FEW_VALUES and len(distinct := np.unique(values)) <= FEW_VALUES:
        notes.info(
            "treatment_is_quantity",
            f"{shown(name)} has {len(distinct)} values and is taken as a quantity, whose steps count alike",
            name,
            len(distinct),
        )
    return replace(treatment, cells=scale(values), low=low, high=high, contrast=contrast)


UNIT_MORE = "per 1 unit more"


def constant(name: str, role: str, where: str = "") -> EstimationError:
    """Make the error for a treatment or outcome that does not vary."""
    return EstimationError(
        f"the {role} {shown(name)} has one value in all rows{' ' + where if where else ''}",
        reason="No effect can be estimated where nothing varies.",
        advice=f"Choose another {role}, or rows in which it varies.",
    )


def check_size(name: str, role: str, values: Floats) -> None:
    """Refuse numbers whose squares do not fit into a double, or vanish in it.

    Parameters
    ----------
    name, role
        Of the column.
    values
        Of shape (n,), finite, not all equal.

    Raises
    ------
    EstimationError
        If the largest is above `LARGEST`, or they all lie within `SMALLEST`.
    """
    low, high = float(values.min()), float(values.max())
    largest = max(abs(low), abs(high))
    if largest <= LARGEST and high - low >= SMALLEST:
        return
    size = "large" if largest > LARGEST else "small"
    seen = f"up to {largest:.3g} in size" if size == "large" else f"all within {high - low:.3g} of each other"
    raise EstimationError(
        f"the numbers of the {role} {shown(name)} are too {size}: {seen}",
        reason="Errors need their squares and products, which the computer's numbers do not hold.",
        advice="Measure the column in other units, or mark a code for missing as missing.",
    )


def ask_contrast(name: str, levels: Sequence[tuple[str, int]], distinct: int) -> EstimationError:
    """Make the error for more than two levels; `levels` are the commonest with their counts."""
    texts = ", ".join(f"{quoted(level)} ({counted(count)})" for level, count in levels[:MOST_LISTED])
    more = "" if distinct <= MOST_LISTED else f" and {distinct - min(MOST_LISTED, len(levels)):,} more"
    control, active = likeliest_contrast([level for level, _ in levels])
    return EstimationError(
        f"the treatment {shown(name)} has {distinct:,} levels: {texts}{more}",
        reason="An effect compares two of them, and which two is for you to say.",
        advice=f"Say which: --contrast CONTROL,ACTIVE, for example {flag(control, active)}.",
    )


def moved_levels(name: str, levels: int) -> EstimationError:
    """Make the error for texts of more than two levels that an instrument moves."""
    return EstimationError(
        f"the treatment {shown(name)} has {levels:,} levels, and an instrument moves rows between all of them",
        reason="Rows that are chosen by the level they ended up with are no longer alike at each value of the "
        "instrument, so that no two levels can be compared by themselves.",
        advice="Write the levels as numbers that say how much of the treatment each is, or join them into two.",
    )


def unknown_level(name: str, level: str, levels: Sequence[str]) -> EstimationError:
    """Make the error for a contrast with a level that does not occur."""
    folded = {known.strip().casefold(): known for known in levels}
    near = [folded[key] for key in get_close_matches(level.strip().casefold(), list(folded), n=3, cutoff=0.5)]
    offered = ", ".join(map(quoted, near or list(levels)[:MOST_LISTED]))
    return EstimationError(
        f"the contrast names {quoted(level)}, which is no level of the treatment {shown(name)}",
        reason="Levels are matched exactly, with case and spaces.",
        advice=f"Did you mean {offered}?" if near else f"The levels are: {offered}.",
    )


def same_level(name: str, level: str) -> EstimationError:
    """Make the error for a contrast of a level with itself."""
    return EstimationError(
        f"the contrast of {shown(name)} names {quoted(level)} twice",
        reason="A level compared with itself has no effect.",
        advice="Name two levels: --contrast CONTROL,ACTIVE.",
    )


def flag(control: str, active: str) -> str:
    """Write the flag that asks for a contrast, ready for a shell."""
    return f"--contrast {shlex.quote(f'{control},{active}')}"


def check_numbers(name: str, wanted: tuple[str, str], known: Sequence[float] = ()) -> tuple[float, float]:
    """Read a contrast of numbers, which are among the known ones where there are any.

    Raises
    ------
    EstimationError
        If an end is no number, none of the known ones, or both ends are the same.
    """
    control, active = _number(name, wanted[0]), _number(name, wanted[1])
    for text, value in zip(wanted, (control, active), strict=True):
        if known and value not in known:
            raise unknown_level(name, text, [plain(end) for end in sorted(known)])
    if control == active:
        raise same_level(name, wanted[0])
    return control, active


def _of_levels(piece: Levels, wanted: tuple[str, str] | None, notes: Notes) -> Treatment:
    name, counts = piece.name, piece.counts
    present = [(piece.labels[i], int(counts[i])) for i in np.argsort(-counts, kind="stable") if counts[i]]
    if wanted is None and len(present) > 2:  # noqa: PLR2004 (a contrast has two ends)
        raise ask_contrast(name, present, len(present))
    if wanted is None:
        control, active, reason = ordered(present[0][0], present[1][0])
        _say_direction(name, control, active, reason, notes)
        reason = reason or "alphabetical order, because neither word is known"
    else:
        control, active = wanted
        for level in wanted:
            if level not in dict(present):
                raise unknown_level(name, level, [label for label, _ in present])
        if control == active:
            raise same_level(name, control)
        reason = ""
    values = np.full(piece.codes.shape, np.nan)
    values[piece.codes == piece.labels.index(control)] = 0.0
    values[piece.codes == piece.labels.index(active)] = 1.0
    contrast = Contrast(control, active, f"{shown(active)} vs {shown(control)}", reason)
    outside = np.isnan(values) & (piece.codes >= 0)
    if not outside.any():
        return Treatment(name, values, contrast, binary=True)
    notes.info(
        "rows_outside_contrast",
        f"{counted(int(outside.sum()))} with another level of {shown(name)} than {quoted(control)} and "
        f"{quoted(active)} are left out",
        name,
        int(outside.sum()),
    )
    return Treatment(name, values, contrast, binary=True, outside=outside)


def _say_direction(name: str, control: str, active: str, reason: str, notes: Notes) -> None:
    text = f"the effect of {shown(name)} is that of {quoted(active)} against {quoted(control)}"
    if reason:
        notes.info("treatment_direction", f"{text}: {reason}", name)
        return
    notes.warn(
        "treatment_direction",
        f"{text}, in alphabetical order because neither word is known; for the other direction: "
        f"{flag(active, control)}",
        name,
    )


def _of_two_numbers(
    piece: Quantity, ends: tuple[float, float], wanted: tuple[str, str] | None, notes: Notes
) -> Treatment:
    control, active = ends
    name = piece.name
    if wanted is not None:
        control, active = check_numbers(name, wanted, ends)
    values = np.full(piece.cells.shape, np.nan)
    values[piece.cells == control] = 0.0
    values[piece.cells == active] = 1.0
    reason = ""
    if wanted is None and ends != (0.0, 1.0):
        reason = "the larger number is taken as active"
        text = f"the effect of {shown(name)} is that of {plain(active)} against {plain(control)}: {reason}"
        notes.info("treatment_direction", text, name)
    contrast = Contrast(plain(control), plain(active), f"{plain(active)} vs {plain(control)}", reason)
    return Treatment(name, values, contrast, binary=True)


def _two_of_few(name: str, present: Floats, wanted: tuple[str, str]) -> tuple[str, str] | None:
    """Give both ends of a contrast where they are two of a few values, each in rows enough to be compared directly."""
    ends = check_numbers(name, wanted)
    if len(np.unique(present[: 100 * FEW_VALUES])) > FEW_VALUES:
        return None
    values, counts = np.unique(present, return_counts=True)
    if len(values) > FEW_VALUES or any(int(counts[values == end].sum()) < FEW_IN_ARM for end in ends):
        return None
    return plain(ends[0]), plain(ends[1])


def _of_quantity(piece: Quantity, wanted: tuple[str, str] | None) -> Treatment:
    if wanted is None:
        return Treatment(piece.name, piece.cells, Contrast("", "", UNIT_MORE), binary=False)
    a, b = check_numbers(piece.name, wanted)
    contrast = Contrast(plain(a), plain(b), f"{plain(b)} vs {plain(a)}")
    return Treatment(piece.name, piece.cells, contrast, binary=False)


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    raise EstimationError(
        f"the contrast names {quoted(text)}, and the treatment {shown(name)} holds numbers",
        reason="Both ends of a contrast of numbers are numbers.",
        advice="For example --contrast 0,1.",
    )


def _check_arms(treatment: Treatment, notes: Notes) -> None:
    active = int(np.count_nonzero(treatment.cells))
    arms = ((treatment.contrast.control, treatment.cells.size - active), (treatment.contrast.active, active))
    level, smaller = min(arms, key=lambda arm: arm[1])
    where = f"{shown(treatment.name)} = {shown(level)}"
    if smaller == 0:
        raise constant(treatment.name, "treatment", "among the rows that are used")
    if smaller < FEWEST_IN_ARM:
        raise EstimationError(
            f"only {counted(smaller)} of {treatment.cells.size:,} has {where}",
            reason="One row shows no variation, so that its effect has no standard error.",
            advice="Use a table with more rows of this level.",
        )
    if smaller < FEW_IN_ARM:
        notes.warn(
            "small_arm",
            f"only {counted(smaller)} of {treatment.cells.size:,} have {where}; standard errors are not to be "
            "trusted with so few",
            treatment.name,
            smaller,
        )


def _check_reach(name: str, ends: tuple[float, float], values: Floats, given: bool, notes: Notes) -> None:
    """Warn of a contrast beyond the data; one unit more only has to fit between the smallest and the largest value."""
    low, high = float(values.min()), float(values.max())
    if (low <= min(ends) and max(ends) <= high) if given else high - low >= 1:
        return
    what = f"from {plain(ends[0])} to {plain(ends[1])}" if given else "of 1 unit"
    notes.warn(
        "contrast_beyond_range",
        f"the contrast of {shown(name)} {what} goes beyond the values seen, {plain(low)} to {plain(high)}; "
        "it is read off the fitted line",
        name,
    )
