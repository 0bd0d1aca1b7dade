"""Text, Markdown, tables as text, JSON and source code: as they are, in parts."""

from .encoding import decode
from .kinds import Kind
from .pages import Limits, Reading, read_parts


def read(data: bytes, _kind: Kind, limits: Limits) -> Reading:
    """Read anything that is text already."""
    return read_parts(decode(data), limits)
