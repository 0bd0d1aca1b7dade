"""Text, Markdown, JSON and source code, as they are."""

from .encoding import decode
from .kinds import Kind
from .pages import Limits, Reading, read_parts
from .sections import read_sections


def read(data: bytes, kind: Kind, limits: Limits) -> Reading:
    """Read anything that is text already; only Markdown by its headings."""
    text = decode(data)
    # Elsewhere a `#` opens a comment, and lines of `=` and `-` are decoration.
    return read_sections(text, limits) if kind.format == "markdown" else read_parts(text, limits)
