"""A plain-language reading of finished results: what one voter says, and what is left of it once it was checked."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from copilot.domain.value import Value
from copilot.domain.votes import SlipCount, Turnout, Voter


class DropReason(StrEnum):
    """Why a sentence is not shown."""

    NUMBER = "number"
    """It has a number that is not in the report, or has it with the wrong sign."""
    NAME = "name"
    """It names a variable that is not among those of the analysis, or not by its id."""
    CERTAINTY = "certainty"
    """It claims more than any analysis can show."""
    MARKUP = "markup"
    """It is not plain text."""
    LENGTH = "length"
    """It is longer than a sentence."""


class Said(Value):
    """One sentence of a reading, the names of variables kept apart from the words.

    Parameters
    ----------
    template
        The words; ``{0}`` stands for the first of `names`. Any other brace is an id that nobody gave out.
    names
        Variables, each once.
    """

    template: str
    names: tuple[str, ...] = ()


class Reading(Value):
    """One voter's reading of the results.

    Parameters
    ----------
    voter
        Who reads.
    sentences
        In order.
    slips
        Parts that could not be used.
    """

    voter: Voter
    sentences: tuple[Said, ...] = ()
    slips: tuple[SlipCount, ...] = ()


class Dropped(Value):
    """Sentences that were not shown for one reason.

    Parameters
    ----------
    reason
        Which.
    count
        Sentences, over all readings.
    tokens
        What gave offence: a few of the numbers, names or words.
    """

    reason: DropReason
    count: int = Field(ge=1)
    tokens: tuple[str, ...] = ()


class Interpretation(Value):
    """The reading that is shown, or why there is none.

    Parameters
    ----------
    sentences
        Of the one reading that is shown; names are in place.
    names
        Variables that these sentences speak of.
    source, ballot
        The model that wrote it, and the 0-based number of its ballot; empty and ``None`` where none is shown.
    cut
        Sentences of the shown reading that were dropped.
    usable, readings
        How many readings had a sentence left, of how many that could be read.
    agreement
        Mean overlap (Jaccard index, in [0, 1]) of the numbers and variables of the shown reading with those of each
        other usable one; ``None`` if it is the only one.
    dropped
        Over all readings, by reason.
    turnout
        Of the ballots; ``None`` where nobody was asked or too few answered.
    note
        Why no reading is shown; empty where one is.
    """

    sentences: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    source: str = ""
    ballot: int | None = None
    cut: int = Field(default=0, ge=0)
    usable: int = Field(default=0, ge=0)
    readings: int = Field(default=0, ge=0)
    agreement: float | None = None
    dropped: tuple[Dropped, ...] = ()
    turnout: Turnout | None = None
    note: str = ""

    @property
    def standing(self) -> str:
        """Say in a sentence or two where the text comes from; empty where none is shown."""
        if not self.sentences:
            return ""
        other = "; this one agrees most with the others" if self.usable > 1 else ""
        told = f"{self.usable} of {self.readings} readings were usable{other}."
        if self.cut:
            plural = "s" if self.cut > 1 else ""
            told += f" {self.cut} sentence{plural} of it {'were' if self.cut > 1 else 'was'} dropped by the check."
        return told

    def dropped_lines(self) -> tuple[str, ...]:
        """Say what was dropped from all readings, a reason a line."""
        return tuple(
            f"{one.count} sentence{'s' if one.count > 1 else ''}, {_WHY[one.reason]}: {', '.join(one.tokens)}"
            for one in self.dropped
        )


_WHY = {
    DropReason.NUMBER: "a number that is not in the report",
    DropReason.NAME: "a name that is not in the analysis",
    DropReason.CERTAINTY: "a claim of certainty",
    DropReason.MARKUP: "not plain text",
    DropReason.LENGTH: "too long",
}
