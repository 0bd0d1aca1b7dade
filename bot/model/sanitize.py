"""Takes the model's control words out of text that people or documents put into a prompt.

The chat template of nemotron-nano-9b-v2 reads `/think` and `/no_think` as switches wherever they
stand, inside a URL too, and deletes them from the text; its servers read `<SPECIAL_11>` and the
like as the borders of turns (NVIDIA-Nemotron-Nano-9B-v2 model card, chat template).
"""

import re
import unicodedata
from itertools import chain

_JOINERS = "\u200c\u200d"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_UNSEEN = (
    "\u00ad\u034f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    f"\U000e0000-\U000e00ff\U000e01f0-\U000e0fff{_JOINERS}{_SELECTORS}"
)
_UNSEEN_RUN = re.compile(f"[{_UNSEEN}]+")
_SELECTOR = re.compile(f"[{_SELECTORS}]")
_REGION = re.compile("[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")
_BLACK_FLAG = "\U0001f3f4"
_SURROGATE = re.compile("[\ud800-\udfff]")

_CONTROL = re.compile(
    r"(?P<slash>/)(?:no_)?think"
    r"|</?(?:think|tool_?calls?|available_tools|tool_responses?)>"
    r"|<special_[0-9]+>"
    # The borders of ChatML, which the later Nemotron models use, and of other models, so a fallback
    # may, too: <|im_start|>, <|eot_id|>, <|channel|>.
    r"|<\|[a-z0-9_]+\|>",
    re.IGNORECASE,
)


def _find_lookalikes() -> dict[int, str]:
    """Map characters that NFKC turns into ASCII to that, and those nobody sees to nothing.

    The ranges leave out blocks that hold neither: Han, Hangul, private use.
    """
    lookalikes = {}
    for code in chain(
        range(0x80, 0x3400), range(0xA000, 0xAC00), range(0xF900, 0x20000), range(0xE0000, 0xE1000)
    ):
        char = chr(code)
        unseen = _UNSEEN_RUN.match(char) or unicodedata.category(char) == "Cf"
        plain = "" if unseen else unicodedata.normalize("NFKC", char)
        if plain != char and plain.isascii():
            lookalikes[code] = plain
    return lookalikes


_LOOKALIKES = _find_lookalikes()


def sanitize(text: str) -> str:
    """Return `text` without anything that the model's template or tokenizer takes for control.

    `/think` and `/no_think` stay readable as `/ think` and `/ no_think`; markers give way to a
    space, so that what stood around them cannot close up to another one. Case, full-width and
    other NFKC look-alikes and invisible characters inside make no difference. Invisible
    characters without a use are dropped, half a surrogate pair becomes U+FFFD (it could not be
    sent); everything else is returned as it came. Doing it twice changes nothing more.
    """
    return drop_unseen(mend_surrogates(_break_control_words(text)))


def mend_surrogates(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON can spell and UTF-8 cannot, by U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def drop_unseen(text: str) -> str:
    """Drop zero-width, bidi and tag characters, which can carry words that only the model reads.

    Those that shape what is seen stay: a joiner or variation selector in emoji and in scripts
    that need it, the tags of a region's flag.
    """
    return _UNSEEN_RUN.sub(_keep_shaping, text)


def _keep_shaping(run: re.Match[str]) -> str:
    unseen = run[0]
    before = run.string[run.start() - 1] if run.start() else "\n"
    if before == _BLACK_FLAG and _REGION.fullmatch(unseen):
        return unseen
    if not before.isascii() and unseen.removeprefix("\ufe0f") in {*_JOINERS}:
        return unseen
    if not before.isspace() and _SELECTOR.match(unseen):
        return unseen[0]
    return ""


def _break_control_words(text: str) -> str:
    plain = text.translate(_LOOKALIKES)
    words = list(_CONTROL.finditer(plain))
    if not words:
        return text
    origins = _trace_origins(text)
    pieces = []
    done = 0
    for word in words:
        if word["slash"]:
            cut = origins[word.start()] + 1
            pieces.append(text[done:cut])
        else:
            cut = origins[word.end() - 1] + 1
            pieces.append(text[done : origins[word.start()]])
        done = cut
    return " ".join([*pieces, text[done:]])


def _trace_origins(text: str) -> list[int]:
    """Tell for each character of the look-alike-free text which one of `text` it came from."""
    return [index for index, char in enumerate(text) for _ in _LOOKALIKES.get(ord(char), char)]
