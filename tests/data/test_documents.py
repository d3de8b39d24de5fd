"""Documents as evidence: what is read, what is refused, and where a quotation stands."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.data import documents as reading
from copilot.data.documents import read_document, read_documents
from copilot.data.quotations import WIDEST, Library, find_quote
from copilot.domain.documents import Document, Unit
from copilot.errors import InputDataError


def pdf_bytes(pages: Sequence[Sequence[str]]) -> bytes:
    """Write a minimal PDF: one line of text below the other on each page."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for lines in pages:
        shown = " T* ".join(f"({line}) Tj" for line in lines)
        stream = f"BT /F1 12 Tf 14 TL 72 720 Td {shown} ET".encode() if lines else b""
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
            b"/Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%b] /Count %d >>" % (b" ".join(kids), len(kids))
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


def document(text: str, name: str = "log.md", unit: Unit = Unit.LINE) -> Document:
    return Document(name=name, title=name, sha256=name, unit=unit, lines=tuple(enumerate(text.splitlines(), start=1)))


LOG = document(
    "# Log\n\n"
    "Crews were told that the new coat-\ning \u201csaves *fuel*\u201d on 12 of 30 ferries, by 1.5 percent.\n"
    "The speed of a ship \u2013 not its age \u2013 decides\nhow much fuel it burns.\n\n"
    "Long-term records show a loss of -5 percent in COVID-\n19 years.\n"
)


def test_text_is_read_with_the_number_of_each_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    content = "\ufeffone\r\n\r\nthree \x1b[31mred\u202e\n".encode()
    path.write_bytes(content)
    found = read_document(str(path))
    assert found.lines == ((1, "one"), (2, ""), (3, "three [31mred"))
    assert (found.name, found.unit, found.sha256) == ("notes.md", Unit.LINE, hashlib.sha256(content).hexdigest())
    assert found.paragraphs == ("one", "three [31mred")


def test_a_pdf_is_read_with_the_number_of_each_page(tmp_path: Path) -> None:
    path = tmp_path / "protocol.pdf"
    path.write_bytes(
        pdf_bytes([["The first page speaks of nothing."], ["Older ferries are coated", "in winter first."]])
    )
    found = read_document(str(path))
    assert found.unit is Unit.PAGE
    assert len(found.paragraphs) == 2
    assert str(find_quote([found], "ferries are coated in winter")) == "page 2"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.md", b"", "no text"),
        ("a.md", b" \n\n\t", "no text"),
        ("a.md", b"caf\xe9", "not UTF-8"),
        ("a.md", b"a\0b", "NUL"),
        ("a.docx", b"PK\x03\x04rest", "zip archive"),
        ("a.pdf", b"plain text", "named as a PDF"),
        ("a.pdf", b"%PDF-1.4\nbroken", "cannot be read"),
        ("a.pdf", pdf_bytes([["Some words on a page."]])[:300], "cannot be read"),
        ("a.pdf", pdf_bytes([[], []]), "no text"),
    ],
    ids=["empty", "blank", "latin-1", "nul", "word", "no-pdf", "broken", "cut", "scanned"],
)
def test_what_is_no_text_is_refused_in_words(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputDataError, match=said) as caught:
        read_document(str(path))
    assert caught.value.exit_code == 2
    assert "Traceback" not in str(caught.value)


def test_an_encrypted_pdf_is_refused_as_such(tmp_path: Path) -> None:
    import io

    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_bytes([["A secret of the shipyard."]]))))
    writer.encrypt("password", algorithm="RC4-128")
    path = tmp_path / "secret.pdf"
    writer.write(path)
    with pytest.raises(InputDataError, match="encrypted"):
        read_document(str(path))


def test_what_is_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long.md"
    path.write_text("word " * 100, encoding="utf-8")
    monkeypatch.setattr(reading, "MOST_CHARACTERS", 50)
    with pytest.raises(InputDataError, match="longer than 50 characters"):
        read_document(str(path))
    monkeypatch.setattr(reading, "MOST_BYTES", 40)
    with pytest.raises(InputDataError, match="longer than 40 bytes"):
        read_document(str(path))


def test_documents_of_one_name_are_told_apart_and_one_document_is_not_read_twice(tmp_path: Path) -> None:
    paths = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        paths.append(str(tmp_path / folder / "notes.md"))
        Path(paths[-1]).write_text(f"notes of {folder}", encoding="utf-8")
    first, second = read_documents(paths)
    assert first.name != second.name
    assert first.title == second.title == "notes.md"
    with pytest.raises(InputDataError, match="given twice"):
        read_documents([paths[0], paths[0]])
    for missing in ("-", str(tmp_path / "none.md"), str(tmp_path)):
        with pytest.raises(InputDataError):
            read_documents([missing])


@pytest.mark.parametrize(
    ("quote", "place"),
    [
        ("the new coating saves fuel", None),
        ('the new coating "saves fuel" on 12 of 30 ferries', "line 3"),
        ("CREWS WERE TOLD   that the\nnew coating", "line 3"),
        ("\u201cThe speed of a ship - not its age - decides how much fuel it burns.\u201d", "line 5"),
        ("decides how much fuel it burns", "line 5"),
        ("how much fuel it burns", "line 6"),
        ("longterm records show a loss", "line 8"),
        ("a loss of \u22125 percent in COVID-19 years", "line 8"),
        ("Crews were told that \u2026 by 1.5 percent", "line 3"),
        ("The speed of a ship [...] decides how much fuel", "line 5"),
        ("decides how much fuel \u2026 The speed of a ship", None),
        ("on 12 of 31 ferries, by 1.5 percent", None),
        ("on 12 of 30 ferries, by 1", None),
        ("ferries, by 1.5 percen", None),
        ("5 percent. The speed of a ship", None),
        ("5 percent in COVID-19 years", None),
        ("2 of 30 ferries, by 1.5 percent", None),
        ("The age of a ship - not its speed - decides", None),
        ("much fuel it burns", None),
        ("told \u2026 saves \u2026 how \u2026 burns \u2026 percent", None),
        ("", None),
        ("\u2026", None),
    ],
)
def test_a_quotation_is_found_word_for_word_or_not_at_all(quote: str, place: str | None) -> None:
    found = find_quote([LOG], quote)
    assert (None if found is None else str(found)) == place


def test_the_parts_of_a_quotation_stand_near_each_other() -> None:
    far = document("The speed of a ship\n" + "filler words here\n" * WIDEST + "decides how much fuel it burns\n")
    assert find_quote([far], "The speed of a ship \u2026 decides how much fuel it burns") is None
    assert find_quote([far], "decides how much fuel it burns") is not None


def test_the_document_that_was_named_is_searched_first_and_the_others_after_it() -> None:
    other = document("Nothing.\nOn calm days the speed of a ship decides.\n", "other.md")
    first = document("All days the speed of a ship decides.", "log.md")
    shared = "the speed of a ship decides"
    library = Library([first, other])
    for named, stands in (("log.md", "log.md"), ("other.md", "other.md"), ("", "log.md"), ("none", "log.md")):
        found = library.find(shared, named)
        assert found is not None
        assert found.document == stands
    found = library.find("On calm days the speed of a ship", "log.md")
    assert found is not None
    assert (found.document, found.number) == ("other.md", 2)


WORDS = st.lists(st.text("abcdefgh", min_size=5, max_size=9), min_size=12, max_size=40)


@given(WORDS, st.integers(0, 6), st.integers(1, 7))
def test_what_stands_in_a_document_is_found_however_its_lines_are_broken(
    words: list[str], start: int, width: int
) -> None:
    lines = [" ".join(words[i : i + width]) for i in range(0, len(words), width)]
    found = find_quote([document("\n".join(lines))], " ".join(words[start : start + 5]))
    assert found is not None
    assert found.number <= start // width + 1


@given(WORDS, st.integers(0, 4))
def test_a_changed_word_is_not_found(words: list[str], place: int) -> None:
    quote = words[:5]
    quote[place] = "changed"
    assert find_quote([document("\n".join(words))], " ".join(quote)) is None
