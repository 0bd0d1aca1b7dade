"""Bytes to text, in whatever encoding they were written."""

import codecs
from collections.abc import Iterator

from charset_normalizer import CharsetMatch, from_bytes

from .kinds import wide_encoding

_MARKS = (
    # UTF-32 first: its little-endian mark begins with the one of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What files are really written in. Left to all it knows, charset-normalizer takes short texts for
# Mac or EBCDIC code pages. The order decides ties: first the commonest of those for Latin letters,
# then those whose bytes hardly ever look like anything else.
_CANDIDATES = (
    "cp1252", "cp932", "gb18030", "big5", "euc_jp", "cp949", "cp1250", "cp1255", "cp1256", "cp1253",
    "cp1251", "koi8_r", "cp1254", "cp1257", "cp874", "cp866",
)  # fmt: skip
_SAMPLE_BYTES = 65536
_SLICE_BYTES = 1024 * 1024


def decode(data: bytes, declared: str = "") -> str:
    """Decode text of unknown encoding; never fails, at worst with replacement characters.

    Args:
        data: The text's bytes.
        declared: The encoding that the file or its headers claim, if any; see `detect`.
    """
    return data.decode(detect(data, declared), "replace")


def detect(data: bytes, declared: str = "") -> str:
    """Name the codec for a text; valid UTF-8 wins over what is declared.

    Wrong claims are common and accidental UTF-8 is not.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    wide = wide_encoding(data[:_SAMPLE_BYTES]) if b"\x00" in data[:_SAMPLE_BYTES] else None
    if wide:
        return wide
    # ISO-2022-JP is pure ASCII with escape sequences, so it would pass for UTF-8.
    if b"\x1b$" in data[:_SAMPLE_BYTES]:
        declared = declared or "iso2022_jp"
    elif _is_utf8(data):
        return "utf-8"
    for encoding in (declared, _guess(data)):
        if encoding and _fits(data, encoding):
            return encoding
    return "cp1252"


def _is_utf8(data: bytes) -> bool:
    """Tell whether text is UTF-8, but for a few broken characters where it otherwise clearly is."""
    if _fits(data, "utf-8"):
        return True
    broken = whole = 0
    for text in _decode_in_slices(data, "utf-8", "replace"):
        replaced = text.count("\ufffd")
        broken += replaced
        whole += len(text) - len(text.encode("ascii", "ignore")) - replaced
    return whole > 10 * broken


def _fits(data: bytes, encoding: str) -> bool:
    """Tell whether all bytes can be decoded, without holding the text in memory."""
    try:
        # Refuses codecs that aren't for text, such as base64.
        data[:4].decode(encoding, "replace")
        for _ in _decode_in_slices(data, encoding, "strict"):
            pass
    except (LookupError, ValueError):
        return False
    return True


def _decode_in_slices(data: bytes, encoding: str, errors: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    for start in range(0, len(data), _SLICE_BYTES):
        piece = data[start : start + _SLICE_BYTES]
        yield decoder.decode(piece, final=start + _SLICE_BYTES >= len(data))


def _guess(data: bytes) -> str:
    """Name the likeliest encoding, "" if none fits; a tie goes to the commoner one."""

    def rank(match: CharsetMatch) -> tuple[int, float, int]:
        # A few accents are enough to cost the right one some chaos.
        return int(match.chaos * 10), -match.coherence, _CANDIDATES.index(match.encoding)

    matches = from_bytes(_sample(data), cp_isolation=list(_CANDIDATES))
    return min(matches, key=rank).encoding if matches else ""


def _sample(data: bytes) -> bytes:
    """Return a stretch around the first byte beyond ASCII: the rest says nothing."""
    first = len(data) - len(data.lstrip(bytes(range(128))))
    start = max(0, first - 256)
    start = data.rfind(b"\n", start, first) + 1 or start
    sample = data[start : start + _SAMPLE_BYTES]
    # Cut at a line's end, so that no character is torn in two.
    end = sample.rfind(b"\n")
    return sample[: end + 1] if len(sample) == _SAMPLE_BYTES and end > 0 else sample
