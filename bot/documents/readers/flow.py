"""Word-processor files, e-books and old presentations, as Markdown by sections, with anydoc."""

import re

import anydoc

from .kinds import Kind
from .pages import Limits, Reading, Unreadable
from .sections import read_sections

_ANCHOR = re.compile(r'<a id="[^"\n]*"></a>')
_IMAGE = re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)")
_INNER_LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\(#[^)\n]*\)")


def read(data: bytes, kind: Kind, limits: Limits) -> Reading:
    """Read running text with its headings, lists and tables; see `convert` for what it raises."""
    return read_sections(convert(data, kind.format), limits)


def convert(data: bytes, format_name: str) -> str:
    """Convert a whole file to Markdown, without anchors and with images as their description.

    Raises:
        Unreadable: `password`, `too_complex`, `damaged`.
    """
    try:
        # "reject" keeps anydoc from sending scans to its maker's servers.
        markdown = anydoc.to_markdown_bytes(data, format_name, ocr="reject")  # type: ignore[arg-type]  # our names are among its literals
    except anydoc.EncryptedError as error:
        raise Unreadable("password", "anydoc") from error
    except anydoc.ResourceLimitError as error:
        raise Unreadable("too_complex", error.limit) from error
    except anydoc.ConvertError as error:
        raise Unreadable("damaged", type(error).__name__) from error
    markdown = _ANCHOR.sub("", markdown)
    markdown = _IMAGE.sub(lambda match: f"[image: {match[1]}]" if match[1] else "", markdown)
    return _INNER_LINK.sub(r"\1", markdown)
