"""Text recognition, with Tesseract: optional, and only for pages that are pictures.

It needs the extra `ocr` and Tesseract's language data, Debian's packages
`tesseract-ocr-<language>` and `tesseract-ocr-osd`.
"""

import importlib
import os
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .pages import Limits, Unreadable

PAGE_SECONDS = 8.0
"""On average; a dense page takes one to three seconds, several times that on a busy machine."""

_MOST_PAGE_SECONDS = 20.0

_MOST_LANGUAGES = 4
"""Each one more slows recognition down, and blurs it."""

_LEAST_CONFIDENCE = 50
"""Below it is what Tesseract sees in photographs and smudges; its scale goes to 100."""

_SURE = 75
"""Text is seldom less clear, unless the page is upside down or on its side."""

# Debian, other Linux distributions, Homebrew.
_DATA_FOLDERS = (
    "/usr/share/tesseract-ocr/*/tessdata",
    "/usr/share/tessdata",
    "/usr/share/tesseract/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)
# Tells which side is up; scans are often on their side.
_ORIENTATION = "osd.traineddata"


def is_available() -> bool:
    """Tell whether the extra and the data of some language are installed."""
    return bool(list_languages())


def list_languages() -> list[str]:
    """Return the languages that can be recognised, by Tesseract's names, in their order.

    There are none without the extra.
    """
    parts = all(find_spec(name) for name in ("tesserocr", "PIL"))
    return sorted(_find_languages()[1]) if parts else []


def prepare(limits: Limits) -> "Recogniser | None":
    """Load what recognition needs, if it is asked for, while files may still be opened.

    Raises:
        Unreadable: `reader_missing`, when it isn't installed.
    """
    if not limits.ocr_pages:
        return None
    if not is_available():
        raise Unreadable("reader_missing", "text recognition")
    return Recogniser(limits.ocr_languages, PAGE_SECONDS * limits.ocr_pages)


class Recogniser:
    """Reads the text in pictures."""

    def __init__(self, languages: str, seconds: float) -> None:
        """Load the languages that are both named and installed; if there are none, all of them.

        Args:
            languages: Tesseract's names, joined by `+`.
            seconds: Time for all pictures together; those after it are not read.
        """
        # Its threads would only wait for each other: files are read side by side.
        os.putenv("OMP_THREAD_LIMIT", "1")
        tesserocr: Any = importlib.import_module("tesserocr")
        folder, installed = _find_languages()
        wanted = [language for language in languages.split("+") if language in installed]
        self._modes = [tesserocr.PSM.AUTO]
        if (folder / _ORIENTATION).exists():
            self._modes.append(tesserocr.PSM.AUTO_OSD)
        self._api = tesserocr.PyTessBaseAPI(
            path=f"{folder}/",
            lang="+".join((wanted or sorted(installed))[:_MOST_LANGUAGES]),
        )
        # Tesseract opens files as late as it can, and crashes when it may not: where it writes
        # its remarks (standard error, if none is named), and the data on orientation.
        self._api.SetVariable("debug_file", "")
        self._end = time.monotonic() + seconds
        self.recognise(bytes(64 * 64), 64, 64, stride=64, dpi=70)

    def recognise(self, pixels: bytes, width: int, height: int, *, stride: int, dpi: int) -> str:
        """Return the text in a picture, "" if there is none or it takes too long.

        Args:
            pixels: Eight bits of grey for each, row by row.
            width: Of the picture, in pixels.
            height: As `width`.
            stride: Bytes of one row.
            dpi: Pixels per inch.
        """
        end = min(self._end, time.monotonic() + _MOST_PAGE_SECONDS)
        best, text = _LEAST_CONFIDENCE - 1, ""
        # Turning every page that looks turned would turn many a drawing that isn't.
        for mode in self._modes:
            left = end - time.monotonic()
            if best >= _SURE or left <= 0:
                break
            self._api.SetPageSegMode(mode)
            self._api.SetImageBytes(pixels, width, height, 1, stride)
            self._api.SetSourceResolution(dpi)
            if self._api.Recognize(int(1000 * left) + 1):
                confidence = self._api.MeanTextConf()
                if confidence > best:
                    best, text = confidence, str(self._api.GetUTF8Text())
        return text


def _find_languages() -> tuple[Path, set[str]]:
    """Return the folder with the language data, and the languages in it."""
    for pattern in _DATA_FOLDERS:
        for folder in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            data = [path for path in folder.glob("*.traineddata") if path.name != _ORIENTATION]
            languages = {path.stem for path in data}
            if languages:
                return folder, languages
    return Path(), set()
