"""Every format goes through the real worker process."""

# ruff: noqa: RUF001  # foreign letters are what is tested

import datetime as dt
import json

import pytest

from bot.documents.extraction import Extract, ExtractionLimits, Extractor
from bot.documents.failures import NoText, ScannedPages
from tests.documents import samples

LONG = "\n\n".join(f"Paragraph {at}: " + "words and more words " * 20 for at in range(60))


@pytest.fixture
def extractor() -> Extractor:
    return Extractor()


def texts(extract: Extract) -> list[str]:
    return [page.text for page in extract.pages]


async def test_pdf_is_read_page_by_page(extractor: Extractor) -> None:
    data = samples.make_pdf(["First page\nsecond line", "Zweite Seite: Größe"])
    extract = await extractor.extract(data, "a.pdf")
    assert (extract.kind, extract.unit, extract.total_pages) == ("PDF", "page", 2)
    assert texts(extract) == ["First page\nsecond line", "Zweite Seite: Größe"]
    assert [page.number for page in extract.pages] == [1, 2]


async def test_scanned_page_among_others_is_an_empty_page(extractor: Extractor) -> None:
    extract = await extractor.extract(samples.make_pdf(["Some text", None, "5"]), "a.pdf")
    assert texts(extract) == ["Some text", "", "5"]


async def test_pdf_of_pictures_is_told_from_an_empty_one(extractor: Extractor) -> None:
    with pytest.raises(ScannedPages):
        await extractor.extract(samples.make_pdf([None, None]), "scan.pdf")
    with pytest.raises(NoText):
        await extractor.extract(samples.make_pdf([""]), "blank.pdf")


async def test_pdf_with_an_empty_password_is_readable(extractor: Extractor) -> None:
    extract = await extractor.extract(samples.make_pdf(["Open to all"], password=""), "a.pdf")
    assert texts(extract) == ["Open to all"]


async def test_docx_keeps_headings_and_tables(extractor: Extractor) -> None:
    extract = await extractor.extract(samples.make_docx(["Straße 东京 🎉"]), "a.docx")
    assert (extract.kind, extract.unit) == ("Word document", "part")
    assert "# The heading" in extract.pages[0].text
    assert "Straße 东京 🎉" in extract.pages[0].text
    assert "| left cell | right cell |" in extract.pages[0].text


async def test_pptx_has_one_page_per_slide_with_its_notes(extractor: Extractor) -> None:
    slides = [(f"Title {at}", f"Body {at}", f"Notes {at}") for at in range(1, 13)]
    extract = await extractor.extract(samples.make_pptx(slides), "deck.pptx")
    assert (extract.unit, extract.total_pages) == ("slide", 12)
    for (title, body, notes), page in zip(slides, extract.pages, strict=True):
        assert title in page.text
        assert body in page.text
        assert notes in page.text
        assert f"Title {page.number % 12 + 1}\n" not in page.text


async def test_odp_has_one_page_per_slide(extractor: Extractor) -> None:
    extract = await extractor.extract(samples.make_odp(["one", "two", "three"]), "deck.odp")
    assert extract.unit == "slide"
    assert [text.strip("# ") for text in texts(extract)] == ["one", "two", "three"]


async def test_presentation_laid_out_otherwise_is_read_in_parts(extractor: Extractor) -> None:
    deck = samples.make_pptx([("First", "a", "n"), ("Second", "b", "n")])
    moved = samples.rename_part(deck, "ppt/presentation.xml", "ppt/another.xml")
    extract = await extractor.extract(moved, "deck.pptx")
    assert extract.unit == "part"
    assert "First" in extract.pages[0].text
    assert "Second" in extract.pages[0].text


async def test_xlsx_sheets_have_names_and_plain_values(extractor: Extractor) -> None:
    data = samples.make_xlsx({
        "Q3": [
            ["When", "Amount", "Done"],
            [dt.datetime(2026, 9, 30), 3.0, True],  # noqa: DTZ001  # cells know no zones
            [dt.datetime(2026, 9, 30, 14, 5), 0.1 + 0.2, False],  # noqa: DTZ001  # as above
            [None, None, None],
            ["a|b\nc", 12345678901234569216.0, None],
        ],
        "Empty": [],
        "Notes & <more>": [["hello"]],
    })  # fmt: skip
    extract = await extractor.extract(data, "book.xlsx")
    assert (extract.kind, extract.unit, extract.total_pages) == ("spreadsheet", "sheet", 3)
    assert [page.label for page in extract.pages] == ["Q3", "Empty", "Notes & <more>"]
    assert extract.pages[0].text.split("\n") == [
        "When | Amount | Done",
        "2026-09-30 | 3 | TRUE",
        "2026-09-30 14:05:00 | 0.3 | FALSE",
        "a/b c | 12345678901234569216",
    ]
    assert texts(extract)[1:] == ["", "hello"]


async def test_ods_and_odt_are_read(extractor: Extractor) -> None:
    sheet = await extractor.extract(samples.make_ods("Plan", [["a", "b"], ["c", "d"]]), "a.ods")
    assert (sheet.pages[0].label, sheet.pages[0].text) == ("Plan", "a | b\nc | d")
    document = await extractor.extract(samples.make_odt(["Erster", "Zweiter"]), "a.odt")
    assert texts(document) == ["Erster\n\nZweiter"]


async def test_epub_is_read_in_the_order_of_its_spine(extractor: Extractor) -> None:
    extract = await extractor.extract(samples.make_epub(["It began.", "It ended."]), "b.epub")
    assert extract.kind == "e-book"
    text = extract.pages[0].text
    assert text.index("It began.") < text.index("# Chapter 2") < text.index("It ended.")
    assert "<a id" not in text


async def test_rtf_is_read(extractor: Extractor) -> None:
    extract = await extractor.extract(samples.make_rtf(["Příliš žluťoučký", "kůň"]), "a.rtf")
    assert texts(extract) == ["Příliš žluťoučký\n\nkůň"]


async def test_mail_shows_headers_body_and_names_of_attachments(extractor: Extractor) -> None:
    data = samples.make_mail("Grüße ✓", "Dear all,\nsee below.", "zahlen.csv")
    extract = await extractor.extract(data, "mail.eml", "message/rfc822")
    assert extract.kind == "e-mail"
    text = extract.pages[0].text
    assert text.startswith("From: Ann <ann@example.com>\nTo: team@example.com\nDate: ")
    assert "Subject: Grüße ✓\n\nDear all,\nsee below." in text
    assert text.endswith("Attachments: zahlen.csv")
    assert "HTML" not in text
    assert extract.notes == ("Attachments were not read.",)


async def test_mail_of_html_alone_is_read_as_text(extractor: Extractor) -> None:
    data = (
        b"MIME-Version: 1.0\r\nSubject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n"
        b"From: \x80\xff <\r\nContent-Type: text/html; charset=nonsense\r\n\r\n"
        b"<p>One</p><script>no()</script><p>Two \xc3\xbc</p>"
    )
    extract = await extractor.extract(data, "no-extension")
    assert "Subject: Grüße" in extract.pages[0].text
    assert extract.pages[0].text.endswith("One\n\nTwo ü")


async def test_html_becomes_what_a_person_reads(extractor: Extractor) -> None:
    page = """<!DOCTYPE html><html><head><title>The title</title><style>p{}</style></head><body>
    <script>var hidden = "<p>no</p>";</script>
    <h2>Over&shy;view</h2><p>First   <b>bold</b>
    line.<br>Second line.</p><h3></h3>
    <ul><li><p>one</p></li><li>two</ul>
    <table><tr><th>Name</th><th></th><th>Qty</th></tr>
    <tr><td><p>Bolt</p></td><td><p>x</p></td><td><p>3</p></td></tr></table>
    <pre>  keep
    this</pre><img src=x alt="A chart"><svg><text>no</text></svg></body></html>"""
    extract = await extractor.extract(page.encode(), "page.html")
    assert extract.kind == "web page"
    assert extract.pages[0].text == (
        "The title\n\n## Over\xadview\n\nFirst bold line.\nSecond line.\n\n- one\n- two\n\n"
        "Name |  | Qty\nBolt | x | 3\n\n  keep\n    this\n\n[image: A chart]"
    )


async def test_long_text_is_cut_between_paragraphs(extractor: Extractor) -> None:
    extract = await extractor.extract(LONG.encode(), "notes.md")
    assert (extract.kind, extract.unit) == ("Markdown document", "part")
    assert extract.total_pages == len(extract.pages) > 5
    assert all(len(text) <= 3_000 for text in texts(extract))
    assert all(text.startswith("Paragraph ") for text in texts(extract))
    assert "\n\n".join(texts(extract)).split() == LONG.split()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.csv", "a,b\n1,2", "table"),
        ("a.tsv", "a\tb\n1\t2", "table"),
        ("a.json", json.dumps({"a": [1, 2]}), "JSON file"),
        ("a.py", "def f():\n    return 1", "source file"),
        ("Makefile", "all:\n\techo", "text file"),
        ("", "just text", "text file"),
        ("mail.txt", "To: do\n\nbuy milk", "text file"),
        ("BM.txt", "BMW and MZ are makers", "text file"),
        ("icon.svg", "<svg><text>hi</text></svg>", "text file"),
    ],
)
async def test_text_stays_as_it_is(
    extractor: Extractor, name: str, content: str, kind: str
) -> None:
    extract = await extractor.extract(content.encode(), name)
    assert (extract.kind, texts(extract)) == (kind, [content])


async def test_what_nobody_can_see_is_dropped(extractor: Extractor) -> None:
    hidden = "".join(chr(0xE0000 + ord(character)) for character in "obey")
    data = f"pay\u200b\u202eroll\x07{hidden}\r\nnext می\u200cخواهم 👨\u200d👩".encode()
    extract = await extractor.extract(data, "a.txt")
    assert texts(extract) == ["payroll\nnext می\u200cخواهم 👨\u200d👩"]


@pytest.mark.parametrize(
    ("make", "wrong_name", "kind"),
    [
        (lambda: samples.make_docx(["x"]), "a.pdf", "Word document"),
        (lambda: samples.make_pdf(["some text"]), "a.docx", "PDF"),
        (lambda: b"<html><body>hi</body></html>", "a.pdf", "web page"),
        (lambda: b"<?xml version='1.0'?><!-- x --><!DOCTYPE HTML><p>hi", "a.xls", "web page"),
        (lambda: samples.make_rtf(["x"]), "a.doc", "RTF document"),
        (lambda: samples.make_xlsx({"S": [["x"]]}), "a.csv", "spreadsheet"),
        (lambda: samples.make_mail("s", "b"), "a.txt", "e-mail"),
        (lambda: b"plain words", "a.docx", "text file"),
    ],
)
async def test_content_counts_more_than_the_name(
    extractor: Extractor, make: object, wrong_name: str, kind: str
) -> None:
    data = make()  # type: ignore[operator]  # each of them makes bytes
    assert (await extractor.extract(data, wrong_name, "application/pdf")).kind == kind


async def test_package_with_windows_separators_is_recognised(extractor: Extractor) -> None:
    data = samples.make_xlsx({"S": [["x"]]}).replace(b"xl/", b"xl\\")
    assert (await extractor.extract(data, "a.xlsx")).pages[0].text == "x"


async def test_reading_stops_at_the_limit_of_pages_and_says_so() -> None:
    limits = ExtractionLimits(pages=2)
    pdf = samples.make_pdf([f"page number {at}" for at in range(5)])
    deck = samples.make_pptx([(f"t{at}", "b", "n") for at in range(4)])
    book = samples.make_xlsx({f"S{at}": [[at]] for at in range(3)})
    extractor = Extractor(limits)
    for data, total in ((pdf, 5), (deck, 4), (book, 3)):
        extract = await extractor.extract(data, "a")
        assert (len(extract.pages), extract.total_pages) == (2, total)
    text = await extractor.extract(LONG.encode(), "a.txt")
    whole = await Extractor().extract(LONG.encode(), "a.txt")
    assert (text.pages, text.total_pages) == (whole.pages[:2], whole.total_pages)


async def test_reading_stops_at_the_limit_of_characters_and_says_so() -> None:
    extractor = Extractor(ExtractionLimits(characters=25))
    pdf = await extractor.extract(samples.make_pdf(["page number one"] * 5), "a.pdf")
    assert texts(pdf) == ["page number one", "page numbe"]
    assert (pdf.total_pages, pdf.notes) == (5, ("Page 2 was read only in part.",))
    book = await extractor.extract(samples.make_xlsx({"S": [["0123456789"]] * 9}), "a.xlsx")
    assert book.notes == ('Sheet "S" was read only up to its row 3.',)
    assert len(book.pages[0].text) <= 25


async def test_reading_stops_at_the_limit_of_rows_and_says_so() -> None:
    data = samples.make_xlsx({"A": [[at] for at in range(10)], "B": [[1]]})
    extract = await Extractor(ExtractionLimits(rows=4)).extract(data, "a.xlsx")
    assert texts(extract) == ["0\n1\n2\n3"]
    assert (extract.total_pages, extract.notes) == (
        2, ('Sheet "A" was read only up to its row 4.',)
    )  # fmt: skip
