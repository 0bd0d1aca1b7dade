"""Text recognition, through the real worker with its real limits."""

import io
import os
import struct
import zlib
from collections.abc import Sequence

import pypdfium2  # type: ignore[import-untyped]  # it ships no types
import pytest
from PIL import Image, ImageDraw, ImageFont, ImageOps

from bot.conversation.messages import Caveat
from bot.documents.extraction import ExtractionLimits
from bot.documents.failures import ImageFile, NoText, ScannedPages, WordlessImage
from bot.documents.readers import frames, ocr
from bot.documents.readers.pages import Limits
from bot.errors import DocumentError
from tests.documents import samples
from tests.documents.extracting import extract, texts

pytestmark = pytest.mark.skipif(
    not ocr.is_available() and "CI" not in os.environ,  # noqa: TID251  # tells CI from a laptop
    reason="text recognition needs the extra `ocr` and Debian's package tesseract-ocr-eng",
)

WORDS = "The quarterly report covers revenue, cost and margin."
LETTER = """Dear members of the board,
this is to remind you that our annual meeting
will be held on the third of May, at noon,
in the small hall behind the old station.
Please bring the papers that were sent to you
and tell us by Friday whether you can come.
Coffee and sandwiches will be served.
With kind regards, your secretary"""


def draw(
    text: str, size: tuple[int, int] = (1240, 1754), ink: int = 0, paper: int = 255
) -> Image.Image:
    """A page of A4 at 150 dpi, in grey."""
    page = Image.new("L", size, paper)
    font = ImageFont.load_default(32)
    ImageDraw.Draw(page).multiline_text((100, 120), text, ink, font, spacing=16)
    return page


def save(image: Image.Image, form: str, more: Sequence[Image.Image] = ()) -> bytes:
    buffer = io.BytesIO()
    several = {"save_all": True, "append_images": more} if more else {}
    image.save(buffer, form, **several)
    return buffer.getvalue()


def scan(*pages: Image.Image) -> bytes:
    return save(pages[0], "PDF", pages[1:])


def join(*files: bytes) -> bytes:
    """One PDF of the pages of several."""
    joined = pypdfium2.PdfDocument.new()
    for file in files:
        joined.import_pages(pypdfium2.PdfDocument(file))
    buffer = io.BytesIO()
    joined.save(buffer)
    return buffer.getvalue()


async def test_a_scan_is_read_page_by_page() -> None:
    data = scan(draw(WORDS), draw("Invoice 4711\nTotal: 1,234.50 EUR"))
    extracted = await extract(data, "scan.pdf")
    assert (extracted.kind, extracted.unit, extracted.total_pages) == ("PDF", "page", 2)
    assert [text.strip() for text in texts(extracted)] == [
        WORDS,
        "Invoice 4711\nTotal: 1,234.50 EUR",
    ]
    assert extracted.notes == (Caveat("recognised", (1, 2)),)


async def test_only_pages_without_a_text_layer_are_recognised() -> None:
    data = join(samples.make_pdf(["Typed text"]), scan(draw(WORDS)), samples.make_pdf(["More"]))
    extracted = await extract(data, "mixed.pdf")
    assert [text.strip() for text in texts(extracted)] == ["Typed text", WORDS, "More"]
    assert extracted.notes == (Caveat("recognised", (2,)),)


async def test_pages_beyond_the_limit_are_told() -> None:
    data = join(scan(draw(WORDS), draw(WORDS)), samples.make_pdf(["Typed text"]))
    extracted = await extract(data, "scan.pdf", limits=ExtractionLimits(ocr_pages=1))
    assert [text.strip() for text in texts(extracted)] == [WORDS, "", "Typed text"]
    assert extracted.notes == (
        Caveat("recognised", (1,)),
        Caveat("recognition_ended", count=1),
        Caveat("blank", (2,)),
    )


async def test_without_recognition_scans_and_images_have_their_own_sentences() -> None:
    limits = ExtractionLimits(ocr_pages=0)
    with pytest.raises(ScannedPages):
        await extract(scan(draw(WORDS)), "scan.pdf", limits=limits)
    with pytest.raises(ImageFile):
        await extract(save(draw(WORDS), "PNG"), "scan.png", limits=limits)


@pytest.mark.parametrize("degrees", [90, 180, 270])
async def test_pages_on_their_side_or_head_are_turned(degrees: int) -> None:
    page = draw(LETTER).rotate(degrees, expand=True, fillcolor=255)
    extracted = await extract(scan(page), "turned.pdf")
    assert texts(extracted)[0].split() == LETTER.split()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "MPO"])
async def test_pictures_of_text_are_read(form: str) -> None:
    extracted = await extract(save(draw(WORDS), form), "photo")
    assert (extracted.kind, extracted.unit, extracted.total_pages) == ("image", "page", 1)
    assert texts(extracted) == [WORDS]
    assert extracted.notes == (Caveat("recognised"),)


async def test_each_page_of_a_fax_is_a_page() -> None:
    pages = [draw(text).convert("1") for text in ("First sheet", "Second sheet", "Third sheet")]
    data = save(pages[0], "TIFF", pages[1:])
    extracted = await extract(data, "fax.tif", limits=ExtractionLimits(ocr_pages=2))
    assert texts(extracted) == ["First sheet", "Second sheet"]
    assert (extracted.read_pages, extracted.total_pages) == (2, 3)
    assert extracted.notes == (Caveat("recognised", (1, 2)),)


async def test_small_light_print_on_dark_ground_is_read() -> None:
    shot = draw(WORDS, (1000, 300), ink=220, paper=35).resize((330, 99), Image.Resampling.LANCZOS)
    assert texts(await extract(save(shot, "PNG"), "shot.png")) == [WORDS]


async def test_black_print_on_nothing_is_read() -> None:
    layer = Image.new("LA", (1240, 400), (0, 0))
    layer.putalpha(draw(WORDS, layer.size, ink=255, paper=0))
    assert texts(await extract(save(layer, "PNG"), "layer.png")) == [WORDS]


async def test_a_photo_as_the_camera_was_held_is_read() -> None:
    # Too few words for Tesseract to see by itself which side is up.
    page = draw("Invoice 4711", (500, 300)).rotate(90, expand=True)
    turned = Image.Exif()
    turned[0x0112] = 6  # "Orientation": turn it by 90 degrees clockwise (EXIF 2.3, 4.6.4)
    buffer = io.BytesIO()
    page.save(buffer, "JPEG", exif=turned)
    assert texts(await extract(buffer.getvalue(), "photo.jpg")) == ["Invoice 4711"]


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("L", (800, 600), 255),
        Image.new("RGB", (1, 1)),
        Image.linear_gradient("L").resize((1600, 1200)),
        Image.effect_mandelbrot((800, 600), (-2, -1.5, 1, 1.5), 60),
        draw("/\\ ~ ,", (400, 300)),
        ImageOps.mirror(draw(WORDS)),
    ],
    ids=["blank", "tiny", "sky", "shapes", "strokes", "mirrored"],
)
async def test_pictures_without_text_say_so(picture: Image.Image) -> None:
    with pytest.raises(WordlessImage):
        await extract(save(picture, "PNG"), "photo.png")


async def test_a_scan_without_text_says_so() -> None:
    with pytest.raises(NoText):
        await extract(scan(Image.linear_gradient("L").resize((800, 1200))), "scan.pdf")


def make_png(width: int, height: int) -> bytes:
    """A picture of one colour, in few bytes."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    packer = zlib.compressobj(9)
    row = bytes(1 + width)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "data",
    [
        make_png(20_000, 12_000),
        save(draw(WORDS), "PNG")[:-2_000],
        save(draw(WORDS), "JPEG")[:200],
        b"\x89PNG\r\n\x1a\n" + bytes(500),
        b"II*\x00\x08\x00\x00\x00" + b"\xff" * 500,
        b"GIF89a" + bytes(500),
        b"RIFF\x00\x00\x00\x00WEBP" + bytes(500),
    ],
    ids=["bomb", "torn png", "torn jpeg", "no png", "no tiff", "no gif", "no webp"],
)
async def test_pictures_that_do_not_open_have_the_sentence_of_pictures(data: bytes) -> None:
    with pytest.raises(DocumentError) as raised:
        await extract(data, "photo.png")
    assert type(raised.value) is ImageFile


def test_pictures_of_too_many_pixels_are_not_unpacked() -> None:
    with pytest.raises(ValueError, match="too many pixels"):
        next(frames.read_frames(make_png(9_000, 9_000)))


async def test_a_tiff_that_points_to_itself_ends() -> None:
    data = bytearray(save(draw("Round and round"), "TIFF"))
    start = struct.unpack_from("<I", data, 4)[0]
    entries = struct.unpack_from("<H", data, start)[0]
    struct.pack_into("<I", data, start + 2 + 12 * entries, start)
    extracted = await extract(bytes(data), "loop.tif", limits=ExtractionLimits(ocr_pages=2))
    assert texts(extracted)[0] == "Round and round"


async def test_a_scan_as_large_as_a_wall_is_read() -> None:
    buffer = io.BytesIO()
    draw(WORDS).save(buffer, "PDF", resolution=6)
    extracted = await extract(buffer.getvalue(), "wall.pdf")
    assert [text.strip() for text in texts(extracted)] == [WORDS]


def test_languages_are_loaded_as_asked_for_where_they_are_installed() -> None:
    assert ocr.prepare(Limits(1, 1, 1)) is None
    for languages in ("", "eng", "eng+xxx", "xxx", "../../etc/passwd"):
        assert ocr.prepare(Limits(1, 1, 1, ocr_pages=1, ocr_languages=languages)) is not None
