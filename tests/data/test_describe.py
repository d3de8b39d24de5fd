"""Descriptions, contexts and tiers: what the user says, read to the letter or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot.data.describe import read_descriptions, read_text_option, read_tiers
from copilot.domain.variables import Description
from copilot.errors import InputDataError, UnknownVariableError

NAMES = ("age", "no", "1", "wage gap", "y")


def put(tmp_path: Path, text: str | bytes, name: str = "file.yaml") -> str:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("y: {description: Outcome, unit: kg}\nno: whether\n1: first\n", "d.yaml"),
        ('{"y": {"description": "Outcome", "unit": "kg"}, "no": "whether", "1": "first"}', "d.json"),
        ('no = "whether"\n1 = "first"\n[y]\ndescription = "Outcome"\nunit = "kg"\n', "d.toml"),
        ("name,description,unit\ny,Outcome,kg\nno,whether,\n1,first,\n", "d.csv"),
        ("\ufeffunit;name;description\r\nkg;y;Outcome\r\n;no;whether\r\n;1;first\r\n", "d.csv"),
    ],
)
def test_descriptions_in_the_order_of_the_table(tmp_path: Path, text: str, name: str) -> None:
    assert read_descriptions(put(tmp_path, text, name), NAMES) == (
        Description(name="no", description="whether"),
        Description(name="1", description="first"),
        Description(name="y", description="Outcome", unit="kg"),
    )


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("", "d.yaml", "empty"),
        ("- y\n", "d.yaml", "maps no names"),
        ("y: {descripton: x}\n", "d.yaml", "no key 'descripton'"),
        ("y: {unit: [kg]}\n", "d.yaml", "unit of 'y' is no text"),
        ("y: a\ny: b\n", "d.yaml", "cannot be read"),
        ("y: [\n", "d.yaml", "cannot be read"),
        ("? [a]\n: b\n", "d.yaml", "cannot be read"),
        ("a: " + "[" * 5000, "d.yaml", "nested too deeply"),
        ("y = \n", "d.toml", "cannot be read"),
        ("name,descripton\ny,x\n", "d.csv", "no key 'descripton'"),
        ("column,description\ny,x\n", "d.csv", "no column 'name'"),
        ("name,unit\ny,x\ny,x\n", "d.csv", "line 3: 'y' stands twice"),
        ("name,unit\ny,x,z\n", "d.csv", "line 2: 3 cells"),
        ('name,unit\ny,"x\n', "d.csv", "a quote is not closed"),
        ("name,unit\n", "d.csv", "empty"),
        (b"y: a\xf1o\n", "d.yaml", "byte 4, line 1"),
        (b"y: a\0", "d.yaml", "NUL"),
    ],
)
def test_descriptions_that_are_refused(tmp_path: Path, text: str | bytes, name: str, words: str) -> None:
    with pytest.raises(InputDataError) as caught:
        read_descriptions(put(tmp_path, text, name), NAMES)
    assert words in caught.value.message
    assert caught.value.advice


def test_near_names_and_keys_are_offered(tmp_path: Path) -> None:
    with pytest.raises(UnknownVariableError, match=r"d\.yaml") as unknown:
        read_descriptions(put(tmp_path, "wage_gap: x\n", "d.yaml"), NAMES)
    assert "'wage gap'" in unknown.value.advice
    with pytest.raises(InputDataError) as wrong:
        read_descriptions(put(tmp_path, "y: {units: kg}\n"), NAMES)
    assert "'unit'" in wrong.value.advice


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("- [age, no]\n- y\n", "t.yaml"),
        ("10: y\n2: [age, 'no']\n", "t.yaml"),
        ("birth: [age, no]\nlater: [y]\n", "t.yaml"),
        ("name,tier\ny,10\nage,9\nno,9\n", "t.csv"),
        ("tier,name\nbirth,age\nbirth,no\nlater,y\n", "t.csv"),
    ],
)
def test_tiers(tmp_path: Path, text: str, name: str) -> None:
    assert read_tiers(put(tmp_path, text, name), NAMES) == (("age", "no"), ("y",))


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("- [age, no]\n- [age]\n", "t.yaml", "'age' stands twice"),
        ("- [age, [no]]\n", "t.yaml", "holds no tiers"),
        ("just words\n", "t.yaml", "holds no tiers"),
        ("name,tier\ny,\n", "t.csv", "line 2: 'y' has no tier"),
        ("name,time\ny,1\n", "t.csv", "no column 'tier'"),
    ],
)
def test_tiers_that_are_refused(tmp_path: Path, text: str, name: str, words: str) -> None:
    with pytest.raises(InputDataError) as caught:
        read_tiers(put(tmp_path, text, name), NAMES)
    assert words in caught.value.message


def test_an_unknown_name_in_a_tier_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownVariableError):
        read_tiers(put(tmp_path, "- [Age]\n"), NAMES)


def test_a_context_is_a_text_or_a_file(tmp_path: Path) -> None:
    assert read_text_option("ten ferries", "--context") == "ten ferries"
    assert read_text_option("@" + put(tmp_path, "\ufeffzehn Fähren\r\n", "c.txt"), "--context") == "zehn Fähren\n"


@pytest.mark.parametrize("value", ["@", "@no/such/file", "@/dev/zero", "x" * 200_001])
def test_a_context_that_is_refused(value: str) -> None:
    with pytest.raises(InputDataError) as caught:
        read_text_option(value, "--context")
    assert caught.value.advice


def test_a_context_file_that_is_empty_or_too_long(tmp_path: Path) -> None:
    for text in (" \n", "x" * 200_001, "x" * 900_000):
        with pytest.raises(InputDataError, match="--context"):
            read_text_option("@" + put(tmp_path, text, "c.txt"), "--context")
