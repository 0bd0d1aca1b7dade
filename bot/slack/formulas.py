"""Finds formulas in prose that arrives in pieces, and tells them from money and shells. Pure."""

import re
from dataclasses import dataclass
from typing import Final, Literal

_INLINE_REACH: Final = 400
_DISPLAY_REACH: Final = 1_500
_CLOSERS: Final = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
_ENVIRONMENT: Final = re.compile(
    r"\\begin\{((?:equation|align|aligned|alignat|gather|gathered|multline|split|eqnarray)\*?)\}"
)
_MAYBE_ENVIRONMENT: Final = re.compile(r"\\(?:b(?:e(?:g(?:i(?:n(?:\{[a-z]{0,8}\*?)?)?)?)?)?)?\Z")
_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n")

_COMMAND: Final = re.compile(r"\\(?:text|mathrm|operatorname)\s*\{[^{}]*\}|\\[a-zA-Z]+|\\.")
_SIGN: Final = re.compile(r"\\[a-zA-Z,;!|{]|[\^_{=]")
_SURE_SIGN: Final = re.compile(r"\\[a-zA-Z]|[\^_{=]| [<>+*/≤≥→∈-] ")
_OPERATOR: Final = re.compile(r"[<>+*/|≤≥→∈-]")
_WORD: Final = re.compile(r"(?<![\w_^{])[A-Za-z]{2,}(?![\w}(])")
_PROSE: Final = re.compile(r"(?<![\w_^{])[A-Za-z]{2,} +[A-Za-z]{3,}(?![\w}(])")
# What stands behind most dollar signs: text must not wait for it to become a formula.
_MONEY: Final = re.compile(r"\$\d[\d.,]*[kKmMbB]?n?[,;:)]? (?:\(?[A-Za-z]{2,}|\$)")
_VARIABLE: Final = re.compile(r"[A-Z][A-Z_]{2,}")
_TERM: Final = re.compile(
    r"[A-Za-z]{1,3}'{0,3}|[^\W\d_]|\d[\d.,]*(?:\\?%)?|\d{1,4}[a-z]|\w!|[A-Za-z](?:, ?[A-Za-z])+"
    r"|\w{0,3}[(\[][\w ,.]{1,20}[)\]]"
)


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula: where it ends, its LaTeX, and whether it was written as a line of its own."""

    end: int
    latex: str
    display: bool


Found = Formula | Literal["none", "undecided"]


def find_formula(text: str, at: int, *, before: str, final: bool) -> Found:
    """Find the formula that begins at `at`, where there is a `$` or a backslash.

    Args:
        text: The text, as far as it is known.
        at: Where it may begin.
        before: The line's text before it.
        final: Whether nothing follows `text`.

    Returns the formula, or whether there is none or it takes more text to tell.
    """
    opener = text[at : at + 2]
    if len(opener) < 2:
        found: Found = "undecided"
    elif opener in _CLOSERS:
        found = _find_between(text, at, opener, _CLOSERS[opener], display=opener != "\\(")
    elif environment := _ENVIRONMENT.match(text, at):
        found = _find_between(text, at, "", f"\\end{{{environment[1]}}}", display=True)
    elif opener[0] == "\\":
        found = "undecided" if _MAYBE_ENVIRONMENT.match(text, at) else "none"
    else:
        found = _find_inline(text, at, before, final=final)
    return "none" if final and found == "undecided" else found


def _find_between(text: str, at: int, opener: str, closer: str, *, display: bool) -> Found:
    """Find a formula between two delimiters; an environment is a formula with its delimiters."""
    start = at + len(opener)
    reach = start + (_DISPLAY_REACH if display else _INLINE_REACH)
    end = text.find(closer, start, reach)
    if end < 0:
        return "undecided" if len(text) < reach else "none"
    behind = end + len(closer)
    latex = text[start : end if opener else behind].strip()
    # Brackets are escaped for other reasons as well.
    is_sure = opener != "\\[" or _SURE_SIGN.search(latex)
    return Formula(behind, latex, display) if is_sure and _is_formula(latex) else "none"


def _find_inline(text: str, at: int, before: str, *, final: bool) -> Found:
    """Find a formula between two single `$`, by pandoc's rules and by what is in it.

    The first has no space behind it, the second none before it and no digit behind it (Pandoc
    User's Guide, "Math"). Nor do they belong to a word, a variable of a shell or an address; and
    what is a sum of money is none, whatever follows.
    """
    if before[-1:].isalnum() or before.endswith(("$", "/")) or "://" in before.rpartition(" ")[2]:
        return "none"
    if text[at + 1].isspace() or text[at + 1] == "{" or _MONEY.match(text, at):
        return "none"
    reach = at + 1 + _INLINE_REACH
    end = text.find("$", at + 1, reach)
    while end >= 0 and text[end - 1] == "\\":
        end = text.find("$", end + 1, reach)
    if _PARAGRAPH.search(text, at, end if end >= 0 else reach):
        return "none"
    if end < 0:
        return "undecided" if len(text) < reach else "none"
    if end + 1 == len(text) and not final:
        return "undecided"
    latex, behind = text[at + 1 : end], text[end + 1 : end + 2]
    if latex[-1].isspace() or behind.isalnum() or (behind and behind in "{($_"):
        return "none"
    return Formula(end + 1, latex, display=False) if _is_formula(latex) else "none"


def _is_formula(latex: str) -> bool:
    """Tell whether it looks like mathematics rather than like prose between two signs."""
    bare = _COMMAND.sub(" ", latex)
    if _VARIABLE.fullmatch(latex) or bare.count("{") != bare.count("}"):
        return False
    if _SIGN.search(latex):
        return not _PROSE.search(bare)
    if _TERM.fullmatch(latex):
        return True
    return bool(_OPERATOR.search(latex)) and not _WORD.search(bare)
