"""Pictures of text: photos of pages, screenshots, faxes; read where text recognition is there."""

import importlib
from itertools import islice
from typing import Any

from .kinds import Kind
from .ocr import Recogniser, is_available, prepare
from .pages import Limits, Pages, ReadCaveat, Reading, Unreadable

__all__ = ["prepare", "read"]

# It needs Pillow, which comes with the extra, and must be loaded while files may be opened.
_frames: Any = importlib.import_module(".frames", __package__) if is_available() else None


def read(data: bytes, _kind: Kind, limits: Limits, recogniser: Recogniser | None = None) -> Reading:
    """Read the text in a picture, one page for each of a TIFF's.

    Raises:
        Unreadable: `no_words`: no text was recognised. `image`: it can't be opened, or there is no
            recogniser; then it says for how many pages one could try.
    """
    if _frames is None:
        raise Unreadable("image")
    try:
        if recogniser:
            return _recognise(data, limits, recogniser)
        pictures = _frames.count_frames(data, limits.pages)
    except Unreadable:
        raise
    # Pillow's decoders raise whatever a broken file leads them to.
    except Exception as error:
        raise Unreadable("image", type(error).__name__) from error
    raise Unreadable("image", pictures=pictures)


def _recognise(data: bytes, limits: Limits, recogniser: Recogniser) -> Reading:
    total = _frames.count_frames(data, limits.pages)
    pages = Pages(limits)
    recognised = []
    for frame in islice(_frames.read_frames(data), limits.ocr_pages):
        if pages.full:
            break
        text = recogniser.recognise(
            frame.pixels, frame.width, frame.height, stride=frame.width, dpi=frame.dpi
        )
        pages.add(text)
        if text:
            recognised.append(pages.count)
    if not recognised:
        raise Unreadable("no_words")
    which = tuple(recognised) if total > 1 else ()
    return pages.close("page", total, [ReadCaveat("recognised", which)])
