"""Real documents, where they are at hand."""

from pathlib import Path

import pytest

from bot.documents import failures
from bot.documents.extraction import Extract, ExtractionLimits
from bot.documents.readers.pages import MAX_PASSAGE_CHARACTERS
from bot.errors import DocumentError
from tests.documents.extracting import unpack

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"
FILES = sorted(path for path in CORPUS.glob("*/*") if path.is_file())

UNREADABLE: dict[str, type[DocumentError]] = {
    "anydoc-deepnest--errors.ppt": failures.TooComplex,
    "anydoc-empty--errors.docx": failures.EmptyFile,
    "anydoc-emptyrowrepeat--errors.ods": failures.TooComplex,
    "anydoc-encrypted--errors.odt": failures.NeedsPassword,
    "anydoc-hugespan--errors.ods": failures.TooComplex,
    "anydoc-hugespan--errors.pptx": failures.TooComplex,
    "anydoc-truncated--errors.doc": failures.DamagedFile,
    "markitdown-test_outlook_msg.msg": failures.OutlookMessage,
    "pdfjs-GHOSTSCRIPT-698804-1-fuzzed.pdf": failures.NoText,
    "pdfjs-REDHAT-1531897-0.pdf": failures.DamagedFile,
    "pdfjs-poppler-937-0-fuzzed.pdf": failures.DamagedFile,
    "plumber-password-example.pdf": failures.NeedsPassword,
    "tika-testEXCEL_textbox.xlsx": failures.NoText,  # its only text is in a drawing
    "tika-testMSG_chinese.msg": failures.OutlookMessage,
    "tika-testPPT_protected_passtika.pptx": failures.NeedsPassword,
}


async def read(data: bytes, name: str) -> Extract:
    """Read a file without text recognition, which is not installed everywhere."""
    extract, _ = await unpack(data, name, limits=ExtractionLimits(ocr_pages=0))
    return extract


needs_corpus = pytest.mark.skipif(not FILES, reason="the corpus isn't part of the project")


@needs_corpus
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
async def test_every_file_gives_text_or_the_failure_it_deserves(path: Path) -> None:
    data = path.read_bytes()  # noqa: ASYNC240  # nothing else runs
    failure = UNREADABLE.get(path.name)
    if failure:
        with pytest.raises(failure):
            await read(data, path.name)
        return
    extract = await read(data, path.name)
    assert any(passage.text.strip() for passage in extract.passages)
    assert extract.total_pages == extract.read_pages == extract.passages[-1].page
    assert all(len(passage.text) <= MAX_PASSAGE_CHARACTERS for passage in extract.passages)


@needs_corpus
@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("csv/markitdown-test_mskanji.csv", "佐藤太郎 | 30 | 東京"),
        ("docx/anydoc-text.docx", "Persian with ZWNJ: می‌خواهم"),
        ("doc/tika-testWORD.doc", "Sample Word Document Title"),
        ("eml/tika-testThunderbirdEml.eml", "Vladimir L."),
        ("epub/tika-testEPUB.epub", "This is the text for chapter Two"),
        ("html/tika-testHTML_utf8.html", "Content with UTF-8 chars\n\nåäö"),
        ("odp/anydoc-pres.odp", "Speaker note for the intro slide."),
        ("odt/anydoc-text.odt", "Text box"),
        ("pdf/plumber-2023-06-20-PV.pdf", "COMITÉ DE DÉMOLITION"),
        ("ppt/poi-SampleShow.ppt", "This is the second slide"),
        ("rtf/tika-testRTFWord2010CzechCharacters.rtf", "Článek týdne"),
        ("xls/markitdown-test.xls", "89 | 82 | 100 | 12"),
        ("xlsx/poi-49609.xlsx", "11698.2415270953"),
        ("xlsx/tika-testEXCEL_dateFormats.xlsx", "2018-09-20"),
    ],
)
async def test_what_the_file_says_is_read(name: str, phrase: str) -> None:
    path = CORPUS / name
    extract = await read(path.read_bytes(), path.name)
    assert any(phrase in passage.text for passage in extract.passages)
