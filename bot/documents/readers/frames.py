"""The pictures in an image file, in grey and at a size to read text from, with Pillow."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import (
    Image,
    ImageOps,
    ImageSequence,
    MpoImagePlugin,  # JPEGs of some cameras
    TiffImagePlugin,
    WebPImagePlugin,
)

# Pillow would load these with the first picture that needs them, when no file may be opened.
_PLUGINS = (MpoImagePlugin, TiffImagePlugin, WebPImagePlugin)
Image.preinit()

_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")

_MOST_PIXELS = 64_000_000
"""What a good camera makes, and far below what Pillow calls a decompression bomb."""

_SIDE = range(1_600, 4_001)
"""Longest side, in pixels, at which Tesseract reads well; others are scaled."""

_PAGE_INCHES = 11


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture with eight bits of grey for each pixel, row by row."""

    pixels: bytes
    width: int
    height: int
    dpi: int


def count_frames(data: bytes, most: int) -> int:
    """Return how many pages a TIFF has, counted up to `most`; 1 for the other formats."""
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        if image.format != "TIFF":
            return 1
        return sum(1 for _ in zip(range(most), ImageSequence.Iterator(image), strict=False))


def read_frames(data: bytes) -> Iterator[Frame]:
    """Yield the pages of a TIFF, or the picture; of moving ones the first.

    Raises:
        ValueError: One of them is too large.
    """
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        if image.format != "TIFF":
            yield _prepare(image)
            return
        for page in ImageSequence.Iterator(image):
            yield _prepare(page)


def _prepare(image: Image.Image) -> Frame:
    if image.width * image.height > _MOST_PIXELS:
        raise ValueError("too many pixels")
    # Photos are stored as the camera was held.
    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        # What shows through is white, as on a page.
        layers = upright.convert("RGBA")
        paper = Image.new("RGBA", layers.size, "white")
        upright = Image.alpha_composite(paper, layers)
    grey = upright.convert("L")
    side = max(grey.size)
    wanted = min(max(side, _SIDE.start), _SIDE.stop - 1)
    if wanted != side:
        size = [max(1, round(length * wanted / side)) for length in grey.size]
        grey = grey.resize((size[0], size[1]), Image.Resampling.LANCZOS)
    return Frame(grey.tobytes(), grey.width, grey.height, wanted // _PAGE_INCHES)
