"""Every format goes through the real worker process."""

# ruff: noqa: RUF001  # foreign letters are what is tested

import json

import pytest

from bot.conversation.messages import Caveat
from bot.documents.extraction import ExtractionLimits
from bot.documents.failures import NoText, ScannedPages
from tests.documents import samples
from tests.documents.extracting import extract, labels, texts, unpack

LONG = "\n\n".join(f"Paragraph {at}: " + "words and more words " * 20 for at in range(60))


async def test_pdf_is_read_page_by_page() -> None:
    data = samples.make_pdf(["First page\nsecond line", "Zweite Seite: Größe"])
    found = await extract(data, "a.pdf")
    assert (found.kind, found.unit, found.total_pages) == ("PDF", "page", 2)
    assert texts(found) == ["First page\nsecond line", "Zweite Seite: Größe"]
    assert [(passage.page, passage.piece) for passage in found.passages] == [(1, 0), (2, 0)]
    assert found.passages[1].terms == "zweite seite grösse"


async def test_scanned_page_among_others_is_an_empty_page() -> None:
    data = samples.make_pdf(["Some text", None, "5", "", None])
    found = await extract(data, "a.pdf", limits=ExtractionLimits(ocr_pages=0))
    assert texts(found) == ["Some text", "", "5", "", ""]
    assert found.notes == (Caveat("blank", (2, 4, 5)),)


async def test_pdf_of_pictures_is_told_from_an_empty_one() -> None:
    with pytest.raises(ScannedPages):
        await extract(
            samples.make_pdf([None, None]), "scan.pdf", limits=ExtractionLimits(ocr_pages=0)
        )
    with pytest.raises(NoText):
        await extract(samples.make_pdf([""]), "blank.pdf")


async def test_pdf_with_an_empty_password_is_readable() -> None:
    found = await extract(samples.make_pdf(["Open to all"], password=""), "a.pdf")
    assert texts(found) == ["Open to all"]


async def test_docx_keeps_headings_and_tables() -> None:
    found = await extract(samples.make_docx(["Straße 东京 🎉"]), "a.docx")
    assert (found.kind, found.unit) == ("Word document", "part")
    assert "# The heading" in texts(found)[0]
    assert "Straße 东京 🎉" in texts(found)[0]
    assert "| left cell | right cell |" in texts(found)[0]


async def test_pptx_has_one_page_per_slide_with_its_notes() -> None:
    slides = [(f"Title {at}", f"Body {at}", f"Notes {at}") for at in range(1, 13)]
    found = await extract(samples.make_pptx(slides), "deck.pptx")
    assert (found.unit, found.total_pages) == ("slide", 12)
    for number, ((title, body, notes), text) in enumerate(zip(slides, texts(found), strict=True)):
        assert title in text
        assert body in text
        assert notes in text
        assert f"Title {(number + 1) % 12 + 1}\n" not in text


async def test_odp_has_one_page_per_slide() -> None:
    found = await extract(samples.make_odp(["one", "two", "three"]), "deck.odp")
    assert found.unit == "slide"
    assert [text.strip("# ") for text in texts(found)] == ["one", "two", "three"]


async def test_presentation_laid_out_otherwise_is_read_as_running_text() -> None:
    deck = samples.make_pptx([("First", "a", "n"), ("Second", "b", "n")])
    moved = samples.rename_part(deck, "ppt/presentation.xml", "ppt/another.xml")
    found = await extract(moved, "deck.pptx")
    assert found.unit != "slide"
    assert "First" in "".join(texts(found))
    assert "Second" in "".join(texts(found))


async def test_workbook_has_one_page_per_sheet() -> None:
    data = samples.make_xlsx({"Q3": [["a"]], "Empty": [], "Notes & <more>": [["hello"]]})
    found = await extract(data, "book.xlsx")
    assert (found.kind, found.unit, found.total_pages) == ("spreadsheet", "sheet", 3)
    assert labels(found) == ["Q3", "Empty", "Notes & <more>"]
    assert found.notes == (Caveat("blank", (2,)),)


async def test_ods_and_odt_are_read() -> None:
    sheet = await extract(samples.make_ods("Plan", [["a", "b"], ["c", "d"]]), "a.ods")
    assert (labels(sheet), texts(sheet)) == (["Plan"], ["a | b\nc | d"])
    document = await extract(samples.make_odt(["Erster", "Zweiter"]), "a.odt")
    assert texts(document) == ["Erster\n\nZweiter"]


async def test_epub_is_read_in_the_order_of_its_spine() -> None:
    found = await extract(samples.make_epub(["It began.", "It ended."]), "b.epub")
    assert (found.kind, found.unit, found.total_pages) == ("e-book", "section", 2)
    assert labels(found) == ["Chapter 1", "Chapter 2"]
    assert "It began." in texts(found)[0]
    assert texts(found)[1] == "# Chapter 2\n\nIt ended."
    assert "<a id" not in texts(found)[0]


async def test_rtf_is_read() -> None:
    found = await extract(samples.make_rtf(["Příliš žluťoučký", "kůň"]), "a.rtf")
    assert texts(found) == ["Příliš žluťoučký\n\nkůň"]


async def test_mail_shows_headers_body_and_names_of_attachments() -> None:
    data = samples.make_mail("Grüße ✓", "Dear all,\nsee below.", "zahlen.csv")
    found, members = await unpack(data, "mail.eml", "message/rfc822")
    assert found.kind == "e-mail"
    text = texts(found)[0]
    assert text.startswith("From: Ann <ann@example.com>\nTo: team@example.com\nDate: ")
    assert "Subject: Grüße ✓\n\nDear all,\nsee below." in text
    assert text.endswith("Attachments: zahlen.csv")
    assert "HTML" not in text
    assert found.notes == ()
    assert members == {"zahlen.csv": b"1,2"}


async def test_mail_of_html_alone_is_read_as_text() -> None:
    data = (
        b"MIME-Version: 1.0\r\nSubject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n"
        b"From: \x80\xff <\r\nContent-Type: text/html; charset=nonsense\r\n\r\n"
        b"<p>One</p><script>no()</script><p>Two \xc3\xbc</p>"
    )
    found = await extract(data, "no-extension")
    assert "Subject: Grüße" in texts(found)[0]
    assert texts(found)[0].endswith("One\n\nTwo ü")


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ("<div>a<div style='display : none'>no<div>no</div></div> b", "a b"),
        ("<p hidden>no<p>yes<ul><li hidden>no<li>yes</ul>after", "yes\n\n- yes\n\nafter"),
        ("<ul><li hidden>no</ul><p>yes", "yes"),
        ("<div style='VISIBILITY:hidden'></p></span>no</div>yes", "yes"),
        ("<div>yes</div><div hidden>never closed", "yes"),
        ("<img hidden alt=no><br hidden><svg><p>no</p></svg>yes", "yes"),
        ("<table><tr><td style='font-size:0'>no<p style='font-size:13px'>yes</p><td>2</table>",
         "yes | 2"),
        ("<table><tr><td>1<tr style='display:none'><td>no<td>no<tr><td>3</table>", "1\n3"),
        ("<b style='font-size:0.8em'>yes</b><i style='font-size: 0'>no<b>no</b></i>", "yes"),
    ],
)  # fmt: skip
async def test_what_html_hides_is_dropped(body: str, seen: str) -> None:
    web_page = await extract(f"<html><body>{body}".encode(), "page.html")
    assert texts(web_page) == [seen]
    mail = await extract(
        b"From: a@b\nSubject: s\nContent-Type: text/html\n\n" + body.encode(), "a.eml"
    )
    assert texts(mail) == [f"From: a@b\nSubject: s\n\n{seen}"]


async def test_html_becomes_what_a_person_reads() -> None:
    page = """<!DOCTYPE html><html><head><title>The title</title><style>p{}</style></head><body>
    <script>var hidden = "<p>no</p>";</script>
    <h2>Over&shy;view</h2><p>First   <b>bold</b>
    line.<br>Second line.</p><h3></h3>
    <ul><li><p>one</p></li><li>two</ul>
    <table><tr><th>Name</th><th></th><th>Qty</th></tr>
    <tr><td><p>Bolt</p></td><td><p>x</p></td><td><p>3</p></td></tr></table>
    <pre>  keep
    this</pre><img src=x alt="A chart"><svg><text>no</text></svg></body></html>"""
    found = await extract(page.encode(), "page.html")
    assert found.kind == "web page"
    assert texts(found)[0] == (
        "The title\n\n## Over\xadview\n\nFirst bold line.\nSecond line.\n\n- one\n- two\n\n"
        "Name |  | Qty\nBolt | x | 3\n\n```\n  keep\n    this\n```\n\n[image: A chart]"
    )


async def test_long_text_is_cut_between_paragraphs() -> None:
    found = await extract(LONG.encode(), "notes.md")
    assert (found.kind, found.unit) == ("Markdown document", "part")
    assert found.total_pages == found.read_pages == len(texts(found)) > 5
    assert all(len(text) <= 3_000 for text in texts(found))
    assert all(text.startswith("Paragraph ") for text in texts(found))
    assert "\n\n".join(texts(found)).split() == LONG.split()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.json", json.dumps({"a": [1, 2]}), "JSON file"),
        ("a.py", "def f():\n    return 1", "source file"),
        ("Makefile", "all:\n\techo", "text file"),
        ("", "just text", "text file"),
        ("mail.txt", "To: do\n\nbuy milk", "text file"),
        ("BM.txt", "BMW and MZ are makers", "text file"),
        ("icon.svg", "<svg><text>hi</text></svg>", "text file"),
    ],
)
async def test_text_stays_as_it_is(name: str, content: str, kind: str) -> None:
    found = await extract(content.encode(), name)
    assert (found.kind, texts(found)) == (kind, [content])


async def test_what_nobody_can_see_is_dropped() -> None:
    hidden = "".join(chr(0xE0000 + ord(character)) for character in "obey")
    data = f"pay\u200b\u202eroll\x07{hidden}\r\nnext می\u200cخواهم 👨\u200d👩".encode()
    found = await extract(data, "a.txt")
    assert texts(found) == ["payroll\nnext می\u200cخواهم 👨\u200d👩"]


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
async def test_content_counts_more_than_the_name(make: object, wrong_name: str, kind: str) -> None:
    data = make()  # type: ignore[operator]  # each of them makes bytes
    assert (await extract(data, wrong_name, "application/pdf")).kind == kind


async def test_package_with_windows_separators_is_recognised() -> None:
    data = samples.make_xlsx({"S": [["x"]]}).replace(b"xl/", b"xl\\")
    assert labels(await extract(data, "a.xlsx")) == ["S"]


async def test_reading_stops_at_the_limit_of_pages_and_says_so() -> None:
    limits = ExtractionLimits(pages=2)
    pdf = samples.make_pdf([f"page number {at}" for at in range(5)])
    deck = samples.make_pptx([(f"t{at}", "b", "n") for at in range(4)])
    book = samples.make_xlsx({f"S{at}": [[at]] for at in range(3)})
    for data, total in ((pdf, 5), (deck, 4), (book, 3)):
        found = await extract(data, "a", limits=limits)
        assert (len(texts(found)), found.read_pages, found.total_pages) == (2, 2, total)
    text = await extract(LONG.encode(), "a.txt", limits=limits)
    whole = await extract(LONG.encode(), "a.txt")
    assert (text.passages, text.total_pages) == (whole.passages[:2], whole.total_pages)


async def test_reading_stops_at_the_limit_of_characters_and_says_so() -> None:
    limits = ExtractionLimits(characters=25)
    pdf = await extract(samples.make_pdf(["page number one"] * 5), "a.pdf", limits=limits)
    assert texts(pdf) == ["page number one", "page numbe"]
    assert (pdf.total_pages, pdf.notes) == (5, (Caveat("cut", (2,)),))
