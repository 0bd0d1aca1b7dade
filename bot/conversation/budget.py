"""How many tokens a text may cost, without the model's tokenizer. Pure."""

import re
from typing import Final

MESSAGE_OVERHEAD: Final = 8
"""Tokens that the model's template puts around each message, generously."""

CONTEXT_MARGIN: Final = 0.05
"""Share of the context that stays free, since every count here is an estimate."""

_RUN = re.compile(r"[A-Za-z0-9+/=_-]{41,}")
_SPACES = re.compile(r"[ \t]{2,}")
_CJK = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_HANGUL = re.compile(r"[\u1100-\u11ff\uac00-\ud7af]")


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of `text`, rather too many than too few.

    The weights were fitted to Mistral's Tekken vocabulary, which this model's counts match: each
    digit is a token of its own, CJK is about one a character, English prose a quarter of one.
    """
    runs = sum(len(run) for run in _RUN.findall(text))
    rest = _RUN.sub("", text) if runs else text
    spaces = sum(len(run) for run in _SPACES.findall(rest))
    digits = sum(map(rest.count, "0123456789"))
    cjk = len(_CJK.findall(rest))
    hangul = len(_HANGUL.findall(rest))
    ascii_length = len(rest.encode("ascii", "ignore"))
    other = len(rest) - ascii_length - cjk - hangul
    plain = ascii_length - spaces - digits
    cost = (
        0.75 * runs
        + digits
        + 1.05 * cjk
        + 0.62 * hangul
        + 0.45 * other
        + 0.12 * spaces
        + plain / 3.9
    )
    return int(cost * 1.15) + 1


def prompt_room(context_tokens: int, answer_tokens: int) -> int:
    """Tokens that the prompt may take when the answer needs `answer_tokens`."""
    return int(context_tokens * (1 - CONTEXT_MARGIN)) - answer_tokens
