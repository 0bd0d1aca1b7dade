"""PDF, page by page, with PDFium."""

import codecs

import pypdfium2  # type: ignore[import-untyped]  # it ships no types
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # as above

from .kinds import Kind
from .pages import Limits, Pages, Reading, Unreadable

# pypdfium2 decodes with this; it must be loaded before the process may open no more files.
codecs.lookup("utf-16-le")

STRAY_CHARACTERS = 8
"""A scanned page with fewer than this has at most a stamp or a page number as text."""


def read(data: bytes, _kind: Kind, limits: Limits) -> Reading:
    """Read the text layer of every page; a page without one is an empty page.

    Raises:
        Unreadable: `password`; `damaged`; `scan`, when no page has a text layer.
    """
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        code = "password" if error.err_code == pdfium.FPDF_ERR_PASSWORD else "damaged"
        raise Unreadable(code, "PDFium") from error
    pages = Pages(limits)
    scanned = False
    total = len(document)
    for index in range(total):
        if pages.full:
            break
        try:
            text, is_picture = _read_page(document[index], pages.room)
        except pypdfium2.PdfiumError:
            pages.skip()
        else:
            pages.add(text)
            scanned = scanned or is_picture
    if len(pages.damaged) == total:
        raise Unreadable("damaged", "no page loads")
    if scanned and not pages.has_text:
        raise Unreadable("scan")
    return pages.close("page", total)


def _read_page(page: pypdfium2.PdfPage, room: int) -> tuple[str, bool]:
    """Return a page's text, and whether it is nothing but a picture."""
    layer = page.get_textpage()
    try:
        # One character more than there is room for, so that the cut is noticed.
        text = str(layer.get_text_range(count=min(layer.count_chars(), room + 1)))
        if len(text.strip()) < STRAY_CHARACTERS and _shows_image(page):
            return "", True
        return text, False
    finally:
        layer.close()
        page.close()


def _shows_image(page: pypdfium2.PdfPage) -> bool:
    images = page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=2)
    return next(iter(images), None) is not None
