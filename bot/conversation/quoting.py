"""How material is quoted in a prompt, so that nothing in it can pass for our own words. Pure."""

import secrets


def draw_boundary() -> str:
    """Draw a boundary that nobody who wrote the material can know."""
    return secrets.token_hex(4)


def prefix(text: str) -> str:
    """Set off every line by a bar, as all that is quoted."""
    return "\n".join(f"| {line}".rstrip() for line in text.splitlines())


def enclose(kind: str, about: str, quoted: str, boundary: str) -> str:
    """Put the two lines around quoted material that say where it begins and ends.

    Args:
        kind: What it is, such as "document".
        about: Attributes such as `name="q3.pdf"`; what strangers chose is to be cleaned before.
        quoted: Lines that are set off by bars, and marks of ours between them.
        boundary: Random, so that no material can write its own end.
    """
    lines = (f"<{kind} boundary={boundary} {about}>", quoted, f"</{kind} boundary={boundary}>")
    return "\n".join(filter(None, lines))
