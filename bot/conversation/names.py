"""Names that strangers gave to files and sheets, made fit to be shown and quoted."""

import re
import unicodedata

NAME_CHARACTERS = 60
_CONTAINER_CHARACTERS = 24

# What Slack's mrkdwn, Markdown or our own prompt marks would take for more than a character.
# Lookalikes, because how a sentence is escaped depends on where it is shown.
_LOOKALIKES = str.maketrans('<>*`~|[]@/\\"', "‹›∗'∼¦()＠∕∕'")  # noqa: RUF001  # lookalikes on purpose
_EMPHASIS = re.compile(r"(?<![^\W_])_+|_+(?![^\W_])")


def clean_name(name: str, instead: str = "the file") -> str:
    """Make a hostile name harmless: one line, no markup, no links or mentions, at most 60 long.

    Args:
        name: Any text.
        instead: What to say when nothing is left of it.
    """
    visible = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", name)
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    harmless = _EMPHASIS.sub(" ", visible.translate(_LOOKALIKES))
    return _shorten(" ".join(harmless.split()), NAME_CHARACTERS) or instead


def name_inside(name: str, container: str) -> str:
    """Name a file inside of another, both made harmless: `q3.pdf (in mails.zip)`, at most 60 long.

    A container that is inside of another itself goes by its own name alone.
    """
    outer = _shorten(clean_name(container).partition(" (in ")[0], _CONTAINER_CHARACTERS)
    place = f" (in {outer})"
    return _shorten(clean_name(name), NAME_CHARACTERS - len(place)) + place


def _shorten(name: str, characters: int) -> str:
    """Cut out the middle, so that the extension stays."""
    if len(name) <= characters:
        return name
    tail = 12
    return name[: characters - tail - 1].rstrip() + "…" + name[-tail:].lstrip()
