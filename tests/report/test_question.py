"""What was understood of a question, in words and as the page says."""

from __future__ import annotations

import re
from pathlib import Path

from copilot.domain.question import Ambiguity, Choice, ReadQuestion
from copilot.report.question import ambiguity_text, question_json, turned_down, understood_line

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
READ = ReadQuestion(
    question="does t move y?",
    kind=Choice(value="effect", votes=3, valid=3),
    treatment=Choice(value="t", votes=3, valid=3),
    outcome=Choice(value="y", votes=2, valid=3, others=(("z", 1),)),
    contrast=("no", "yes"),
    contrast_votes=2,
    population="sex = f",
    population_votes=2,
)


def test_the_object_has_the_keys_of_its_page() -> None:
    page = PAGE.split("## `ask`\n")[1].split("\n## ")[0]
    for key in (*question_json(READ), *Choice.model_fields):
        assert re.search(rf"`(?:question\.)?{key}`", page), key


def test_the_line_says_everything_with_its_votes() -> None:
    assert understood_line(READ) == (
        "treatment: t (3 of 3); outcome: y (2 of 3); effect on: everybody; contrast: yes vs no (2 of 3); "
        "population: sex = f (2 of 3)"
    )


def test_an_ambiguity_tells_votes_from_what_was_only_named() -> None:
    one = Ambiguity(what="outcome", options=(("y", 2), ("", 1), ("z", 0)))
    assert ambiguity_text(one) == "outcome: y (2), no column of the table (1), z (named as possible)"


def test_a_column_chosen_by_a_person_takes_what_was_said_of_another_one_away() -> None:
    unsure = READ.model_copy(update={"ambiguous": (Ambiguity(what="treatment", options=(("t", 2), ("w", 1))),)})
    kept, changed = (unsure.settled(unsure.ambiguous[0], name) for name in ("t", "w"))
    assert (kept.population, kept.contrast, kept.ambiguous) == ("sex = f", ("no", "yes"), ())
    assert (changed.population, changed.contrast, changed.treatment.others) == ("", None, (("t", 2),))
    assert turned_down(changed) is None
