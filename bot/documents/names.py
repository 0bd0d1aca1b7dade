"""Names that strangers gave to files and sheets, made fit to be shown and quoted."""

import re
import unicodedata

NAME_CHARACTERS = 60

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
    return _shorten(" ".join(harmless.split())) or instead


def _shorten(name: str) -> str:
    """Cut out the middle, so that the extension stays."""
    if len(name) <= NAME_CHARACTERS:
        return name
    tail = 12
    return name[: NAME_CHARACTERS - tail - 1].rstrip() + "…" + name[-tail:].lstrip()
