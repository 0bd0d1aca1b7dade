# ruff: noqa: RUF001  # signs that look like letters are what this is about
"""LaTeX formulas as text that everybody can read: x², √(a + b), ∑ᵢ₌₁ⁿ. Pure.

pylatexenc reads the formula and knows the symbols' names; it puts roots, fractions, scripts and
matrices down too plainly (`x^2`, `∑_i=1^n`), so that is done here.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from pylatexenc import latex2text, latexwalker  # type: ignore[import-untyped]  # it has no types
from pylatexenc.macrospec import (  # type: ignore[import-untyped]  # it has no types
    EnvironmentSpec,
    LatexContextDb,
    MacroSpec,
    MacroStandardArgsParser,
    SpecialsSpec,
)

_MOST_CHARS: Final = 1_500
_DEEPEST: Final = 12
_WORD: Final = "\x00"
"""Stands at both ends of a function's name until it is clear whether it needs a space there."""

_SUPERSCRIPTS: Final = dict(
    zip(
        "0123456789+−=(),abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ′∘",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾,ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡ′°",
        strict=True,
    )
)
_SUBSCRIPTS: Final = dict(
    zip(
        "0123456789+−=(),aehijklmnoprstuvxβγρφχ",
        "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎,ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
        strict=True,
    )
)
_SCRIPTS: Final = frozenset([*_SUPERSCRIPTS.values(), *_SUBSCRIPTS.values()])
_SCRIPT_RUN: Final = re.compile(f"[{''.join(sorted(_SCRIPTS - {','}))}]+")
_LONGEST_RAISED_NAME: Final = 3
"""Of how many small letters people still read a word."""

_ROOTS: Final = {"": "√", "2": "√", "3": "∛", "4": "∜"}
_TEXTS: Final = frozenset({
    "text", "textbf", "textit", "textrm", "textsf", "texttt", "mbox", "hbox", "operatorname",
    "tag",
})  # fmt: skip  # a list of names
_PLAIN: Final = frozenset({
    "mathrm", "mathsf", "mathtt", "mathbf", "mathit", "mathcal", "mathscr", "mathfrak",
    "boldsymbol", "bm", "boxed", "underline", "underbrace", "overbrace",
})  # fmt: skip  # a list of names
_FUNCTIONS: Final = frozenset({
    "arccos", "arcsin", "arctan", "arg", "cos", "cosh", "cot", "csc", "deg", "det", "dim", "exp",
    "gcd", "hom", "inf", "ker", "lg", "lim", "liminf", "limsup", "ln", "log", "max", "min", "mod",
    "Pr", "sec", "sin", "sinh", "sup", "tan", "tanh",
})  # fmt: skip  # a list of names
_SYMBOLS: Final = {
    "ne": "≠", "neq": "≠", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "to": "→", "gets": "←",
    "iff": "⇔", "implies": "⇒", "impliedby": "⇐", "land": "∧", "lor": "∨", "lnot": "¬", "neg": "¬",
    "mid": "∣", "vert": "∣", "lvert": "∣", "rvert": "∣", "Vert": "‖", "lVert": "‖", "rVert": "‖",
    "|": "‖", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "langle": "⟨",
    "rangle": "⟩", "colon": ":", "degree": "°", "dots": "…", "ldots": "…", "cdots": "⋯",
    "vdots": "⋮", "ddots": "⋱", "dotsc": "…", "dotsb": "⋯", "therefore": "∴", "because": "∵",
    "qquad": "\u2003", "quad": "\u2003", "!": "", ",": " ", ";": " ", ":": " ", " ": " ", ">": " ",
    "limits": "", "nolimits": "", "displaystyle": "", "textstyle": "", "nonumber": "", "hline": "",
    "notag": "", "{": "{", "}": "}", "lbrace": "{", "rbrace": "}", "backslash": "∖",
    "prime": "′", "circ": "∘", "ast": "∗", "star": "⋆", "bmod": " mod ", "square": "□",
    "%": "%", "$": "$", "&": "&", "#": "#", "_": "_",
    "checkmark": "✓", "hbar": "ℏ", "ell": "ℓ", "Re": "Re", "Im": "Im", "emptyset": "∅",
    "varnothing": "∅", "setminus": "∖", "blacksquare": "∎", "qed": "∎", "triangle": "△",
}  # fmt: skip  # a table of pairs
_ACCENTS: Final = {
    "hat": "\u0302", "widehat": "\u0302", "bar": "\u0304", "overline": "\u0305", "vec": "\u20d7",
    "tilde": "\u0303", "widetilde": "\u0303", "dot": "\u0307", "ddot": "\u0308",
}  # fmt: skip  # a table of pairs
_BRACKETS: Final = {
    "matrix": ("[", "]"), "smallmatrix": ("[", "]"), "array": ("[", "]"), "bmatrix": ("[", "]"),
    "Bmatrix": ("{", "}"), "pmatrix": ("(", ")"), "vmatrix": ("∣", "∣"), "Vmatrix": ("‖", "‖"),
}  # fmt: skip  # a table of pairs
_UNSPACED: Final = frozenset("∑∏∐∫∬∭∮∂∇∞∀∃∄∅¬√∛∜∎⌊⌋⌈⌉∣+−⋯⋮⋱∘∗⋆℘∠△⊥⊤′")
_DELIMITER: Final = re.compile(
    r"\\(?:left|right|middle|[bB]igg?[lrm]?)(?![a-zA-Z])\s*(?P<none>\.?)"
)
_BRACES: Final = re.compile(r"\\.|[{}]", re.DOTALL)
_COMMENT: Final = re.compile(r"(?<!\\)%")
_ESCAPE: Final = re.compile(r"\\([%$&#_{} ])")
_RELATION: Final = re.compile(r"[ \n]*(:=|[<>]=|[=<>])[ \n]*")
_SPACES: Final = re.compile(r"[ \n\t~]+")
_ATOM: Final = re.compile(r"(?:\d+(?:[.,]\d+)*|[^\W\d_])[\u0300-\u036f\u20d7]*(?:\([^()]*\))?\Z")
_NEEDS_BRACKETS: Final = re.compile(r"[ +−/=<>]")
_LOOSE: Final = re.compile(r"(?<=[(\[{]) +| +(?=[)\]},;])")
_BARE_SCRIPT: Final = re.compile(r"(?<!\w)_|_(?!\w)")
_LIVE: Final = str.maketrans({"*": "∗", "|": "∣", "`": "‘", "~": " ", "\\": "∖"})

_Node = Any


class _Unreadable(Exception):
    """A command lacks an argument."""


def read_formula(latex: str) -> list[str] | None:
    """Return the lines of a formula as readable text, None if it is best left as it was written.

    `latex` is what stands between the delimiters. The result has no Markdown in it.
    """
    text = latex.strip()
    if len(text) > _MOST_CHARS or _depth(text) > _DEEPEST:
        return None
    text = _COMMENT.sub(r"\\%", _DELIMITER.sub(lambda found: "" if found["none"] else " ", text))
    try:
        walker = latexwalker.LatexWalker(text, latex_context=_CONTEXT, tolerant_parsing=True)
        nodes, _, _ = walker.get_latex_nodes()
        lines = [_tidy(_put_row(row)) for row in _split_rows(nodes)]
    except (latexwalker.LatexWalkerError, RecursionError, _Unreadable):
        return None
    return [line for line in lines if line] or None


def superscript(text: str) -> str:
    """Return `text` raised, as far as there are characters for it: x² or x^(π + 1)."""
    return _put_script("^", text, _SUPERSCRIPTS)


def subscript(text: str) -> str:
    """Return `text` lowered, as far as there are characters for it: xᵢ or x_max."""
    return _put_script("_", text, _SUBSCRIPTS)


def _depth(text: str) -> int:
    """Return how deep the formula is nested, which is how deep it is read."""
    depth = deepest = 0
    for mark in _BRACES.finditer(text):
        depth += {"{": 1, "}": -1}.get(mark[0], 0)
        deepest = max(deepest, depth)
    return max(deepest, text.count("\\begin"))


def _tidy(text: str) -> str:
    """Clear up the spaces, and take what would be Markdown out."""
    text = re.sub(_WORD, _find_gap, text)
    text = _LOOSE.sub("", _SPACES.sub(" ", text)).strip(" ")
    text = _BARE_SCRIPT.sub("\u200b_\u200b", unicodedata.normalize("NFC", text))
    return text.translate(_LIVE).replace("](", "] (")


def _find_gap(border: re.Match[str]) -> str:
    """Return the space that a name or a fraction needs at its border."""
    text = border.string.replace(_WORD, "")
    at = border.start() - border.string.count(_WORD, 0, border.start())
    before, behind = text[at - 1 : at], text[at : at + 1]
    ends = before.isalnum() or before in ")]}"
    begins = (behind.isalnum() and behind not in _SCRIPTS) or behind in "([{∑∏∫√∂∇"
    is_applied = before.isalpha() and behind in "([{"
    return " " if before and behind and ends and begins and not is_applied else ""


def _put_all(nodes: Sequence[_Node] | None) -> str:
    """Put a list of nodes in text; a script belongs to what stands before it."""
    return "".join(_put(node) for node in nodes or () if node is not None)


def _put(node: _Node) -> str:
    if node.isNodeType(latexwalker.LatexCharsNode):
        return _put_chars(node.chars)
    if node.isNodeType(latexwalker.LatexGroupNode):
        return _put_all(node.nodelist)
    if node.isNodeType(latexwalker.LatexMacroNode):
        return _put_macro(node)
    if node.isNodeType(latexwalker.LatexEnvironmentNode):
        return _put_environment(node)
    if node.isNodeType(latexwalker.LatexSpecialsNode):
        return _put_specials(node)
    if node.isNodeType(latexwalker.LatexMathNode):
        return _put_all(node.nodelist)
    return ""


def _put_chars(chars: str) -> str:
    text = chars.replace("-", "−").replace("''", "″").replace("'", "′")
    return _RELATION.sub(r" \1 ", text)


def _put_specials(node: _Node) -> str:
    match node.specials_chars:
        case "^":
            return superscript(_put_all(_arguments(node)))
        case "_":
            return subscript(_put_all(_arguments(node)))
        case "&":
            return ""
        case other:
            return str(other)


def _put_script(mark: str, text: str, characters: dict[str, str]) -> str:
    text = _SPACES.sub(" ", text.replace(_WORD, "")).strip()
    bare = text.replace(" ", "")
    if not bare:
        return ""
    if bare in ("∗", "*", "†", "+", "−") and mark == "^":
        return bare if bare not in "+−" else characters[bare]
    is_name = bare.isalpha() and len(bare) > _LONGEST_RAISED_NAME
    if not is_name and all(character in characters for character in bare):
        return "".join(characters[character] for character in bare)
    whole = text.isalnum() if mark == "_" else len(text) == 1
    return f"{mark}{text}" if whole else f"{mark}({text})"


def _put_macro(node: _Node) -> str:
    name = node.macroname
    space = " " if node.macro_post_space else ""
    if put := _MACROS.get(name):
        return put(_arguments(node))
    if name in _FUNCTIONS:
        return f"{_WORD}{name}{_WORD}{space}"
    symbol = _SYMBOLS.get(name)
    if symbol is None:
        symbol = _find_symbol(name)
    if len(symbol) == 1 and unicodedata.category(symbol) == "Sm" and symbol not in _UNSPACED:
        return f" {symbol} "
    return symbol + space


def _find_symbol(name: str) -> str:
    spec = _KNOWN.get_macro_spec(name)
    known = getattr(spec, "simplify_repl", None)
    if isinstance(known, str) and known and "%" not in known:
        return known
    return name if name.isalpha() else ""


def _arguments(node: _Node) -> list[_Node]:
    return list(node.nodeargd.argnlist or ()) if node.nodeargd else []


def _put_pair(arguments: Sequence[_Node]) -> tuple[str, str]:
    if len(arguments) != 2:
        raise _Unreadable
    above, below = (_put_all([argument]).strip() for argument in arguments)
    return above, below


def _put_fraction(arguments: Sequence[_Node]) -> str:
    above, below = _put_pair(arguments)
    if _NEEDS_BRACKETS.search(_outside_brackets(above.replace(_WORD, ""))):
        above = f"({above})"
    return f"{_WORD}{above}/{_put_atom(below)}{_WORD}"


def _put_root(arguments: Sequence[_Node]) -> str:
    index, inside = _put_pair(arguments)
    sign = _ROOTS[index] if index in _ROOTS else superscript(index) + "√"
    return sign + _put_atom(inside)


def _put_choice(arguments: Sequence[_Node]) -> str:
    above, below = _put_pair(arguments)
    return f"C({above}, {below})"


def _put_atom(text: str) -> str:
    """Put brackets around what would fall apart behind a sign."""
    bare = _SCRIPT_RUN.sub("", text.replace(_WORD, ""))
    whole = _ATOM.match(bare) or (bare.startswith("(") and not _outside_brackets(bare))
    return text if whole else f"({text})"


def _outside_brackets(text: str) -> str:
    while True:
        shorter = re.sub(r"\([^()]*\)", "", text)
        if shorter == text:
            return text
        text = shorter


def _put_text(arguments: Sequence[_Node]) -> str:
    written = "".join(str(argument.latex_verbatim()) for argument in arguments if argument)
    return _ESCAPE.sub(r"\1", written.removeprefix("{").removesuffix("}")).replace("$", "")


def _put_accent(accent: str) -> Callable[[Sequence[_Node]], str]:
    def put(arguments: Sequence[_Node]) -> str:
        text = _put_all(arguments).strip()
        return "".join(character + accent for character in text) if len(text) < 4 else text

    return put


def _put_double_struck(arguments: Sequence[_Node]) -> str:
    return "".join(_find_double_struck(letter) for letter in _put_all(arguments))


def _find_double_struck(letter: str) -> str:
    for kind in ("DOUBLE-STRUCK CAPITAL", "MATHEMATICAL DOUBLE-STRUCK CAPITAL"):
        try:
            return unicodedata.lookup(f"{kind} {letter}")
        except KeyError:
            continue
    return letter


def _put_over(arguments: Sequence[_Node]) -> str:
    """Put what stands above a sign behind it: a →^f b."""
    above, below = _put_pair(arguments)
    return f" {below}{superscript(above)} "


def _put_environment(node: _Node) -> str:
    name = node.environmentname.rstrip("*")
    rows = [_put_row(row, ", ").strip() for row in _split_rows(node.nodelist)]
    rows = [row for row in rows if row.strip(", ")]
    if name == "cases":
        return "{" + "; ".join(rows) + "}"
    opening, closing = _BRACKETS.get(name, ("", ""))
    return opening + "; ".join(rows) + closing


def _put_row(nodes: Sequence[_Node], between: str = "") -> str:
    """Put a row of an environment in text; `between` stands for its `&`s."""
    cells: list[list[_Node]] = [[]]
    for node in nodes:
        if node is not None and getattr(node, "specials_chars", "") == "&":
            cells.append([])
        else:
            cells[-1].append(node)
    texts = [_put_all(cell) for cell in cells]
    return between.join(text.strip() if between else text for text in texts)


def _split_rows(nodes: Sequence[_Node]) -> Iterator[list[_Node]]:
    """Yield the rows of a list of nodes; those of an aligned environment that is all of it."""
    shown = [node for node in nodes if node is not None and str(node.latex_verbatim()).strip()]
    if len(shown) == 1 and getattr(shown[0], "environmentname", "").rstrip("*") in _ALIGNED:
        yield from _split_rows(shown[0].nodelist)
        return
    row: list[_Node] = []
    for node in nodes:
        if getattr(node, "macroname", "") == "\\":
            yield row
            row = []
        else:
            row.append(node)
    yield row


_ALIGNED: Final = frozenset({
    "equation", "align", "aligned", "alignat", "gather", "gathered", "multline", "split",
    "eqnarray", "displaymath",
})  # fmt: skip  # a list of names
_MACROS: Final[dict[str, Callable[[Sequence[_Node]], str]]] = {
    **dict.fromkeys(("frac", "dfrac", "tfrac", "cfrac"), _put_fraction),
    **dict.fromkeys(("binom", "dbinom", "tbinom"), _put_choice),
    **dict.fromkeys(("overset", "stackrel"), _put_over),
    **dict.fromkeys(_TEXTS, _put_text),
    **dict.fromkeys(_PLAIN, _put_all),
    **{name: _put_accent(accent) for name, accent in _ACCENTS.items()},
    "mathbb": _put_double_struck,
    "sqrt": _put_root,
    "pmod": lambda arguments: f" (mod {_put_all(arguments)})",
    "not": lambda arguments: _put_all(arguments).strip() + "\u0338",
    "\\": lambda _: "; ",
    "label": lambda _: "",
    "operatorname": lambda arguments: f"{_WORD}{_put_text(arguments)}{_WORD}",
}
_TWO: Final = frozenset({
    "frac", "dfrac", "tfrac", "cfrac", "binom", "dbinom", "tbinom", "overset", "stackrel",
})  # fmt: skip  # a list of names


def _new_context() -> LatexContextDb:
    """Build what the walker has to know: which commands take arguments."""
    context = LatexContextDb()
    argued = [MacroSpec(name, "{{" if name in _TWO else "{") for name in _MACROS if name.isalpha()]
    context.add_context_category(
        "formulas",
        macros=[
            *(spec for spec in argued if spec.macroname != "sqrt"),
            MacroSpec("sqrt", "[{"),
            MacroSpec("\\", "["),
        ],
        environments=[EnvironmentSpec("array", "{")],
        specials=[
            *(SpecialsSpec(mark, args_parser=MacroStandardArgsParser("{")) for mark in "^_"),
            SpecialsSpec("&"),
        ],
    )
    context.set_unknown_macro_spec(MacroSpec(""))
    context.set_unknown_environment_spec(EnvironmentSpec(""))
    return context


_CONTEXT: Final = _new_context()
_KNOWN: Final = latex2text.get_default_latex_context_db()
