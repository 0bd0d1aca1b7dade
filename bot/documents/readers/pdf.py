"""PDF, page by page, with PDFium; pages that are pictures with text recognition."""

import codecs
from math import sqrt

import pypdfium2  # type: ignore[import-untyped]  # it ships no types
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # as above

from .kinds import Kind
from .ocr import Recogniser, is_available, prepare
from .pages import Limits, Pages, ReadCaveat, Reading, Unreadable

__all__ = ["prepare", "read"]

# pypdfium2 decodes with this; it must be loaded before the process may open no more files.
codecs.lookup("utf-16-le")

STRAY_CHARACTERS = 8
"""A scanned page with fewer than this has at most a stamp or a page number as text."""

_DPI = 250
"""Enough for small print; Tesseract gains nothing beyond 300."""

_MOST_PIXELS = 16_000_000
"""Of a page drawn for recognition; larger pages are drawn more coarsely."""

_OCR_AVAILABLE = is_available()


def read(data: bytes, _kind: Kind, limits: Limits, recogniser: Recogniser | None = None) -> Reading:
    """Read the text layer of every page, and what is on those that are pictures.

    Without a recogniser these are empty pages, and the reading says how many one could try.

    Raises:
        Unreadable: `password`; `damaged`; `scan`, when no page has a text layer; `no_text`.
    """
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        code = "password" if error.err_code == pdfium.FPDF_ERR_PASSWORD else "damaged"
        raise Unreadable(code, "PDFium") from error
    total = len(document)
    pages = Pages(limits)
    scans = _Scans(recogniser, limits.ocr_pages)
    for index in range(total):
        if pages.full:
            break
        try:
            page = document[index]
            text, is_picture = _read_layer(page, pages.room)
            if is_picture:
                text = scans.read(page, index + 1)
            page.close()
        except pypdfium2.PdfiumError:
            pages.skip()
        else:
            pages.add(text)
    if len(pages.damaged) == total:
        raise Unreadable("damaged", "no page loads")
    if scans.found and not recogniser and not pages.has_text:
        raise Unreadable("scan", pictures=scans.unread)
    return pages.close("page", total, scans.list_notes(), pictures=scans.unread)


class _Scans:
    """The pages that are pictures, some of them recognised."""

    def __init__(self, recogniser: Recogniser | None, most: int) -> None:
        self._recogniser = recogniser
        self._left = most
        self._most = most
        self._recognised: list[int] = []
        self._skipped = 0
        self.found = False
        """Whether there are any."""

    @property
    def unread(self) -> int:
        """How many could be recognised in another run."""
        return self._skipped if _OCR_AVAILABLE and not self._recogniser else 0

    def read(self, page: pypdfium2.PdfPage, number: int) -> str:
        self.found = True
        if not self._recogniser or not self._left:
            self._skipped += 1
            return ""
        self._left -= 1
        text = _recognise(page, self._recogniser)
        if text:
            self._recognised.append(number)
        return text

    def list_notes(self) -> list[ReadCaveat]:
        notes = []
        if self._recognised:
            notes.append(ReadCaveat("recognised", tuple(self._recognised)))
        if self._recogniser and self._skipped:
            notes.append(ReadCaveat("recognition_ended", count=self._most))
        return notes


def _read_layer(page: pypdfium2.PdfPage, room: int) -> tuple[str, bool]:
    """Return a page's text layer, and whether the page is nothing but a picture."""
    layer = page.get_textpage()
    try:
        # One character more than there is room for, so that the cut is noticed.
        text = str(layer.get_text_range(count=min(layer.count_chars(), room + 1)))
    finally:
        layer.close()
    if len(text.strip()) < STRAY_CHARACTERS and _shows_image(page):
        return "", True
    return text, False


def _shows_image(page: pypdfium2.PdfPage) -> bool:
    images = page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=2)
    return next(iter(images), None) is not None


def _recognise(page: pypdfium2.PdfPage, recogniser: Recogniser) -> str:
    width, height = page.get_size()
    scale = min(_DPI / 72, sqrt(_MOST_PIXELS / max(1, width * height)))
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        return recogniser.recognise(
            bytes(bitmap.buffer), bitmap.width, bitmap.height,
            stride=bitmap.stride, dpi=round(scale * 72),
        )  # fmt: skip
    finally:
        bitmap.close()
