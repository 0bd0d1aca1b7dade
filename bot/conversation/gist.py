"""What the model is reasoning about right now, in one line for the status. Pure.

A trace repeats what people and documents say, and anybody in the thread sees the status. So only
plain sentences of the model's own are shown: none with quotes, code, links, mentions or ids, none
about its instructions.
"""

import re
import unicodedata
from typing import Final

GIST_CHARACTERS: Final = 80

_MOST_CHARACTERS: Final = 300
"""Ours: a sentence that is longer says too much for one line."""

_LEAST_LETTERS: Final = 12
_LEAST_LETTERS_CJK: Final = 6

# Behind a point there must be a space, or it may be that of "3.5"; and these are no ends.
_END: Final = re.compile(
    r"\n|[。！？]"  # noqa: RUF001  # as Japanese writes them
    r"|(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bp)(?<!\bpp)(?<!\bno)(?<!\bNo)"
    r"[.!?…]{1,3}[)\]*_]{0,2}(?=\s)"
)
_MEMORY: Final = 10
"""So many characters, the end itself and those before it, decide whether something is an end."""

_FENCE: Final = re.compile(r"\s*(?:`{3,}|~{3,})")
_QUOTED_LINE: Final = re.compile(r"\s*[|>]")
_LIST_MARK: Final = re.compile(r"\A(?:[-*+•–]\s+|\(?\d{1,2}[.):]\s+|#{1,6}\s+)+")  # noqa: RUF001  # a dash that opens an item
_EMPHASIS: Final = re.compile(r"\*+|(?<![^\W_])_+|_+(?![^\W_])")
_LEAD_IN: Final = re.compile(
    r"\A(?:(?:okay|ok|alright|so|hmm+|well|wait|now|right|yes|no|first(?:ly)?|second(?:ly)?|next|"
    r"then|finally|also|but|and|let's see|let me see|actually|maybe|perhaps|of course|therefore|"
    r"to start|to begin)\b[,:;.…]*\s*)+",
    re.IGNORECASE,
)
_INTENT: Final = re.compile(
    r"\A(?:i(?:'ll| will| should| need to| have to| must| want to|'m going to| am going"
    r" to)|let me|let's|we (?:should|need to|have to|must)) (?:just |now |also |first |quickly |"
    r"then )*(?P<verb>[a-z]{2,})\b(?!')",
    re.IGNORECASE,
)
_UNFIT: Final = re.compile(
    # quotes, code, formulas, tokens
    r"""["“”„‟«»「」『』`{}<>|=\\^~$@#\[\]]|(?<!\w)'|:\s*\Z|->|→"""
    # addresses and paths
    r"|[a-z][a-z0-9+.-]*:/|\bwww\.|(?<![\w.])/\w|\b[\w-]+\.[a-z]{2,24}\b(?!\.)"
    # ids, hashes, timestamps
    r"|\b(?=\w*\d)(?=\w*[A-Za-z])\w{8,}\b|\d{7,}|\w{31,}|_"
    # words about its instructions, and about whom it talks to
    r"|\b(?:users?|prompts?|system|assistant|instruct\w*|ignor\w+|disregard\w*|boundar\w+|tokens?|"
    r"(?:no )?think mode|password|secret|api key|jailbreak\w*|nemotron|aloud)\b",
    re.IGNORECASE,
)
_OF_ITSELF: Final = re.compile(r"(?:i|we|my|our)\b", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d+(?:[.,:/%]\d*)*")
_MOST_NUMBERS: Final = 3
_CJK: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_NOT_DOING: Final = frozenset({"be", "not", "have", "do", "know", "understand", "assume", "never"})
_DOUBLED: Final = frozenset(
    {"begin", "cut", "drop", "get", "map", "plan", "put", "refer", "run", "scan", "set", "skim",
     "skip", "split", "spot", "step", "stop", "sum", "swap", "trim"}
)  # fmt: skip


class Gist:
    """Finds the gist of a trace that arrives in pieces, however it is cut into them."""

    def __init__(self) -> None:
        self._unfinished = ""
        self._in_code = False
        self._opens_line = True

    def feed(self, piece: str) -> str | None:
        """Take the next piece; return the gist of the last sentence that it finishes, if any.

        One line of at most 80 characters without a full stop: "comparing the two budgets".
        """
        gist = None
        text = self._unfinished + piece
        done = 0
        # What came before was looked at already, but for an end that had nothing behind it.
        for end in _END.finditer(text, max(0, len(self._unfinished) - _MEMORY)):
            sentence = text[done : end.end()]
            gist = self._judge(sentence) or gist
            self._opens_line = end[0] == "\n"
            done = end.end()
        self._unfinished = _keep_short(text[done:])
        return gist

    def _judge(self, sentence: str) -> str | None:
        if self._opens_line and _FENCE.match(sentence):
            self._in_code = not self._in_code
            return None
        if self._in_code or (self._opens_line and _QUOTED_LINE.match(sentence)):
            return None
        return make_gist(sentence)


def make_gist(sentence: str) -> str | None:
    """Put one sentence of a trace into a line for the status; None if it is not fit for that."""
    plain = " ".join(_EMPHASIS.sub(" ", unicodedata.normalize("NFC", sentence)).split())
    if len(plain) > _MOST_CHARACTERS or not plain.isprintable():
        return None
    plain = _LEAD_IN.sub("", _LIST_MARK.sub("", plain)).rstrip(" .!?…。！？;,-–")  # noqa: RUF001  # as people write them
    if _UNFIT.search(plain) or len(_NUMBER.findall(plain)) > _MOST_NUMBERS:
        return None
    if intent := _INTENT.match(plain):
        verb = intent["verb"].lower()
        if verb in _NOT_DOING:
            return None
        plain = _say_doing(verb) + plain[intent.end() :]
    elif _OF_ITSELF.match(plain):
        return None
    letters = sum(character.isalpha() for character in plain)
    if letters < (_LEAST_LETTERS_CJK if _CJK.search(plain) else _LEAST_LETTERS):
        return None
    return _cut(plain)


def _say_doing(verb: str) -> str:
    """Put an English verb into its -ing form."""
    if verb in _DOUBLED:
        return f"{verb}{verb[-1]}ing"
    if verb.endswith("ie"):
        return f"{verb[:-2]}ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return f"{verb[:-1]}ing"
    return f"{verb}ing"


def _keep_short(unfinished: str) -> str:
    """Bound what is held; of a sentence that is too long to be shown only its end matters."""
    most = 2 * _MOST_CHARACTERS
    if len(unfinished) <= most:
        return unfinished
    return unfinished[: most - _MEMORY] + unfinished[-_MEMORY:]


def _cut(line: str) -> str:
    if len(line) <= GIST_CHARACTERS:
        return line
    head = line[: GIST_CHARACTERS + 1]
    space = head.rfind(" ", GIST_CHARACTERS // 2)
    return (head[:space] if space > 0 else head[:-1]).rstrip(" ,;:-")
