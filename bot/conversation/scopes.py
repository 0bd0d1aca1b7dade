"""Which pages of a document a person speaks of: "pages 10–20", "only chapter 4". Pure."""  # noqa: RUF002  # people write the dash

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final, TypeAlias, TypeVar

from bot.conversation.messages import PageUnit, Passage

Found = TypeVar("Found")
_Reader: TypeAlias = Callable[[re.Match[str]], Iterator[Found]]

_MOST_CHAPTERS = 100
"""A range of chapters longer than this is no range of chapters."""

_HEADING_CHARACTERS = 90

_NUMBER_WORDS: Final = {
    word: number
    for number, words in enumerate(
        (
            "one eins un une uno una um uma een 一",
            "two zwei deux dos due dois duas twee 二 两",
            "three drei trois tres tre três drie 三",
            "four vier quatre cuatro quattro quatro 四",
            "five fünf cinq cinco cinque vijf 五",
            "six sechs seis sei zes 六",
            "seven sieben sept siete sette sete zeven 七",
            "eight acht huit ocho otto oito 八",
            "nine neun neuf nueve nove negen 九",
            "ten zehn dix diez dieci dez tien 十",
        ),
        start=1,
    )
    for word in words.split()
}

_PAGE = (
    r"(?:pages?|pgs?\.?|pp?\.|seiten?|s\.|páginas?|pagina(?:'s|s)?|págs?\.|pagg?\.|pagine|blz\.?|"
    r"bladzijden?|slides?|folien?|diapositiv(?:e|es|a|as)|diapos?|ページ|頁|スライド|슬라이드|페이지)"
)
_TO = (
    r"\s*(?:[-–—~〜]+|to|through|thru|until|till|bis(?:\s+zu[mr]?)?|à|au|a|al|hasta|ao|até|tot(?:\s+en"  # noqa: RUF001  # people write dashes
    r"\s+met)?|t/m|から|到|至|부터|에서)\s*(?:(?:la|las|le|les|the|der)\s+)?"
)
_AND = r"\s*(?:,\s*(?:and|und|et)\b|[,;&、と和및]|and|und|et|y|e|en)\s*"
_NUMBER = r"\d{1,5}(?![\d%]|[.,]\d)"
_ITEM = rf"{_NUMBER}(?:{_TO}(?:{_PAGE}\s*)?{_NUMBER})?"
_RANGE = re.compile(rf"({_NUMBER})(?:{_TO}(?:{_PAGE}\s*)?({_NUMBER}))?", re.IGNORECASE)
# "pages 3-5 and 9", "from page 5 on", "ab Seite 5", "up to page 8"
_PAGES = re.compile(
    rf"(?<![\w.])(?P<open>ab|vanaf|à partir de(?: la)?|a partir d[ae](?: la)?)?"
    rf"(?P<until>up to|until|till|bis(?: zur?)?|jusqu'à(?: la)?|hasta(?: la)?|fino a|até a?|"
    rf"tot(?: en met)?)?\s*(?<![\w.]){_PAGE}\s*"
    rf"(?P<items>{_ITEM}(?:{_AND}(?:{_PAGE}\s*)?{_ITEM})*)"
    r"(?P<onward>\s*(?:onwards?|and (?:on|after)|on\b(?!\s+\w)|to the end|ff\.?|in poi))?",
    re.IGNORECASE,
)
# "3ページ", "第3页到第5页"; "3页" and "3ページで" tell how many there are
_COUNTED_PAGES = re.compile(
    r"(?:第\s*(?P<first>[\d一二三四五六七八九十]{1,5})|(?<![\d.])(?P<bare>\d{1,5}(?!\s*页)))"
    r"(?:\s*(?:ページ|页|頁)?(?:[-–—~〜]|から|到|至|부터|에서)\s*第?\s*(?P<last>[\d一二三四五六七八九十]{1,5}))?"  # noqa: RUF001  # people write dashes
    r"\s*(?P<unit>ページ|頁|页|쪽|페이지|枚目|슬라이드|张幻灯片)(?!\s*(?:で|以内|로|分|짜리|내))"
    r"(?P<onward>以降|以后|之后|부터|이후)?"
)
_FIRST = r"first|erste[nr]?|premi(?:ère|er)s?|primer[oa]s?|prim[aeoi]|primeir[oa]s?|eerste"
_LAST = r"last|final|letzte[nr]?|derni(?:ère|er)s?|últim[oa]s?|ultim[aeoi]|laatste"
_COUNT = rf"(?:\d{{1,4}}|{'|'.join(sorted(_NUMBER_WORDS, key=len, reverse=True))})"
# "the first ten pages", "les 3 dernières pages"
_ENDS = re.compile(
    rf"\b(?:(?P<count>{_COUNT})\s+)?(?:(?P<first>{_FIRST})|(?P<last>{_LAST}))\s+"
    rf"(?:(?P<number>{_COUNT})\s+)?{_PAGE}(?!\w)",
    re.IGNORECASE,
)
_ENDS_IN_IDEOGRAPHS = re.compile(
    r"(?P<first>最初の|前|처음)\s*(?P<count>\d{1,4})\s*(?:ページ|页|頁|페이지|쪽)"
    r"|(?P<last>最後の|最后|마지막)\s*(?P<number>\d{1,4}|一)?\s*(?:ページ|页|頁|페이지|쪽|枚)"
)

_KINDS: Final = {
    "chapter": r"chapters?|ch\.|kapiteln?|kap\.|chapitres?|chap\.|capítulos?|capitol[oi]|cap\.|"
    r"hoofdstuk(?:ken)?",
    "section": r"sections?|sect?\.|abschnitte?n?|secci[óo]n(?:es)?|sezion[ei]|seç(?:ão|ões)|secção|"
    r"paragra(?:af|fen)|paragraphs?|clauses?|articles?|artikeln?|artículos?|articol[oi]|artigos?|"
    r"ziffern?|klauseln?|§+",
    "part": r"parts?|teile?|parties?|partes?|de(?:el|len)",
    "appendix": r"appendi(?:x|ces)|annexe?s?|anhang|anlagen?|anexos?|apéndices?|allegat[oi]|"
    r"appendice|bijlagen?",
    "sheet": r"(?:work)?sheets?|tabs?|(?:tabellen|arbeits)?blatt|feuilles?|onglets?|hojas?|"
    r"pestañas?|fogli[oe]?|planilhas?|abas?|(?:werk|tab)?blad|シート|工作表|시트",
}
_RANKS: Final = ("", "section", "sheet", "chapter", "part", "appendix")
"""A heading further on in this row is never below one before."""

_KIND = "|".join(f"(?P<{kind}>{words})" for kind, words in _KINDS.items())
_NUMBERED_NAME = r"\d{1,3}(?:\.\d{1,3}){0,4}(?![\d%]|[.,]\d)"
# "chapter 4", "sections 2.1 and 2.3"
_NUMBERED = re.compile(
    rf"(?<![\w.])(?:{_KIND})\s*(?P<items>{_NUMBERED_NAME}"
    rf"(?:(?:{_TO}|{_AND}){_NUMBERED_NAME})*(?!\w))",
    re.IGNORECASE,
)
# 'sheet "Q3"', "section Scope": without quotes a name begins with a capital or has a digit
_NAMED = re.compile(
    rf"(?<![\w.])(?i:{_KIND})\s*"
    r"(?:[\"'“”„«‘「]\s*(?P<quoted>[^\"”“»」\n]{1,80}?)\s*[\"'”“»’」]"  # noqa: RUF001  # quotes as people type them
    r"|\s(?P<word>(?:[^\W\d_a-zà-ÿ][\w&-]*|\w*\d\w*)(?:\s[^\W\d_a-zà-ÿ][\w&-]*)*))"
)
# 'the "Risk factors" section', "the Q3 sheet"
_NAMED_BEFORE = re.compile(
    r"(?:[\"“”„«]\s*(?P<quoted>[^\"”“»\n]{1,80}?)\s*[\"”“»]"
    r"|\b(?:the|das|le|la|el|il)\s(?P<word>[^\W\d_a-zà-ÿ][\w&-]*|\w*\d\w*))"
    rf"\s*(?i:{_KIND})(?!\w)"
)
# "chapter four"
_SPELLED = re.compile(rf"(?<!\w)(?:{_KIND})\s+(?P<items>{_COUNT})(?!\w)", re.IGNORECASE)
# "第四章", "제4장"
_COUNTED = re.compile(
    r"[第제]\s*(?P<items>[\d.]{1,8}|[一二三四五六七八九十]{1,3})\s*(?P<unit>[章节節条條部장절조])"
)
_NAME_RANGE = re.compile(rf"({_NUMBERED_NAME})(?:{_TO}({_NUMBERED_NAME}))?", re.IGNORECASE)
# What a heading begins with: "4.1 Sample", "Chapter 4: Results", "IV. Results", "Appendix A"
_LABEL_NUMBER = re.compile(
    rf"\s*(?:(?:{_KIND})\s*)?(?P<number>\d{{1,3}}(?:\.\d{{1,3}})*|[IVXLC]+(?=[.:\s)]|\Z)|[A-Z](?=[.:\s)]|\Z))"
    r"[.:)]?(?=[\s–—-]|\Z)",  # noqa: RUF001  # dashes in headings
    re.IGNORECASE,
)
_BACK_MATTER = re.compile(
    r"\W*(?:appendix|annex|references|bibliography|glossary|index|acknowledge?ments?|anhang|anlage|"
    r"literatur|glossar|stichwort|annexe|bibliographie|glossaire|anexo|bibliografía|allegat|"
    r"bibliografia|bijlage|付録|附录|参考文献|索引|부록|참고문헌)",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"(?:#{1,6}\s+)?(?:(?i:chapter|kapitel|chapitre|capítulo|capitolo|hoofdstuk|part|teil|section|"
    r"abschnitt|article|artikel|appendix|anhang|annexe?)\s+[\dIVXLCA-H.]+(?!\w)"
    r"|\d{1,2}(?:\.\d{1,2}){0,3}\.?\s+[^\W\d_a-z]|[第제]\s*[\d一二三四五六七八九十]+[章节節部장])"
)
_NO_HEADING = re.compile(r"(?:[.…·]{3}|\S\s+\S.*\s\d{1,4}|[.,;])\s*\Z")


@dataclass(frozen=True, slots=True)
class Scope:
    """What of a document is meant; empty for all of it.

    Attributes:
        pages: Ranges of page numbers, both ends included; negative ones count from the end, as in
            (1, 10), (-5, -1), (7, -1).
        labels: Named parts, as an English word and the name: "chapter 4", "section 2.1",
            "sheet Q3", "appendix A", "part 2". Written by a person: hostile text.
    """

    pages: tuple[tuple[int, int], ...] = ()
    labels: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pages or self.labels)


@dataclass(frozen=True, slots=True)
class _Heading:
    """A page's label, or one of the headings on it.

    Attributes:
        page: Where it stands.
        opens_page: Whether nothing of the part before it is on its page.
        text: In lower case.
        kind: "chapter", "section", …; "" for a mere number or a title.
        number: Such as ("4", "1"); empty for a title.
    """

    page: int
    opens_page: bool
    text: str
    kind: str
    number: tuple[str, ...]


def find_scope(text: str) -> tuple[Scope, str]:
    """Find the pages and parts that a text names.

    Returns:
        The scope, and the text without the words that name it.
    """
    text = unicodedata.normalize("NFKC", text)
    pages: list[tuple[int, int]] = []
    labels: list[str] = []
    for pattern, read_pages in _PAGE_PATTERNS:
        for match in pattern.finditer(text):
            pages += read_pages(match)
        text = pattern.sub(" ", text)
    for pattern, read_labels in _LABEL_PATTERNS:
        for match in pattern.finditer(text):
            labels += read_labels(match)
        text = pattern.sub(" ", text)
    return Scope(tuple(dict.fromkeys(pages)), tuple(dict.fromkeys(labels))), text


def resolve_scope(
    scope: Scope, labels: Mapping[int, str], total_pages: int, unit: PageUnit = "page"
) -> frozenset[int] | None:
    """Find the pages of a document that a scope means.

    A chapter goes from its heading to the next one, its sections included.

    Args:
        scope: What a person named.
        labels: The pages' names, by page number, as `label_pages` gives them.
        total_pages: How many pages the document has.
        unit: What they are called; of sheets without a fitting name "sheet 2" is the second one,
            and "chapter 2" the second section where no heading has a number.

    Returns:
        None for the whole document; an empty set if it has nothing of what was named.
    """
    if not scope:
        return None
    found: set[int] = set()
    for ends in scope.pages:
        first, last = (end if end > 0 else total_pages + 1 + end for end in ends)
        found.update(range(max(1, first), min(last, total_pages) + 1))
    headings = list(_list_headings(labels))
    for label in scope.labels:
        kind, _, name = label.partition(" ")
        pages = _find_part(kind, name, headings, total_pages)
        counted = kind == unit or (
            (kind, unit) == ("chapter", "section") and not any(one.number for one in headings)
        )
        if not pages and counted and name.isdigit() and 1 <= int(name) <= total_pages:
            pages = {int(name)}
        found |= pages
    return frozenset(found)


def label_pages(passages: Sequence[Passage]) -> dict[int, str]:
    """Name each page by its label or, where pages have none, by the numbered headings on it.

    Several headings stand on a line each; a blank first line tells that the page begins with the
    end of what came before. Entries of a table of contents are no headings.
    """
    if any(passage.label for passage in passages):
        return {passage.page: passage.label for passage in passages}
    labels: dict[int, list[str]] = {}
    candidates = list(_list_candidates(passages))
    for (page, opens_page, line), following in zip_longest(candidates, candidates[1:]):
        kind, number = _read_number(line)
        # "4 Results" is a heading if "4.1" comes next; else it may be an item of a list.
        first_below = (*number, "1")
        if kind or len(number) > 1 or (following and _read_number(following[2])[1] == first_below):
            labels.setdefault(page, [] if opens_page else [""]).append(line)
    return {page: "\n".join(lines) for page, lines in labels.items()}


def _list_candidates(passages: Sequence[Passage]) -> Iterator[tuple[int, bool, str]]:
    """Yield lines that may be headings: their page, whether they open it, and the line."""
    for passage in passages:
        for at, line in enumerate(map(str.strip, passage.text.strip().split("\n"))):
            if len(line) > _HEADING_CHARACTERS or _NO_HEADING.search(line):
                continue
            if _HEADING.match(line):
                yield passage.page, at == 0 and passage.piece == 0, line


def _read_pages(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    ranges = [
        (int(found[1]), int(found[2] or found[1])) for found in _RANGE.finditer(match["items"])
    ]
    if match["open"] or match["onward"]:
        yield ranges[0][0], -1
    elif match["until"]:
        yield 1, ranges[-1][1]
    else:
        yield from map(_sort, ranges)


def _read_counted_pages(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    first = _read_count(match["first"] or match["bare"])
    yield (first, -1) if match["onward"] else _sort((first, _read_count(match["last"]) or first))


def _read_ends(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    count = _read_count(match["count"] or match["number"]) or 1
    yield (1, count) if match["first"] else (-count, -1)


def _read_numbered(match: re.Match[str]) -> Iterator[str]:
    kind = _kind_of(match)
    for found in _NAME_RANGE.finditer(match["items"]):
        first, last = found[1], found[2] or found[1]
        if first.isdigit() and last.isdigit() and 0 < int(last) - int(first) < _MOST_CHAPTERS:
            yield from (f"{kind} {number}" for number in range(int(first), int(last) + 1))
        else:
            yield from dict.fromkeys((f"{kind} {first}", f"{kind} {last}"))


def _read_spelled(match: re.Match[str]) -> Iterator[str]:
    yield f"{_kind_of(match)} {_read_count(match['items'])}"


def _read_counted(match: re.Match[str]) -> Iterator[str]:
    kind = {"章": "chapter", "장": "chapter", "部": "part"}.get(match["unit"], "section")
    name = match["items"]
    yield f"{kind} {name if name[0].isdigit() else _read_count(name)}"


def _read_named(match: re.Match[str]) -> Iterator[str]:
    yield f"{_kind_of(match)} {' '.join((match['quoted'] or match['word']).split())}"


def _kind_of(match: re.Match[str]) -> str:
    return next(kind for kind in _KINDS if match[kind])


def _read_count(word: str | None) -> int:
    """Read digits, a small number in words, or ideographs up to 99; 0 if it is none."""
    if not word:
        return 0
    if word.isdigit():
        return int(word)
    tens, ten, ones = word.rpartition("十")
    if ten and len(word) > 1:
        return 10 * (_NUMBER_WORDS.get(tens, 1)) + _NUMBER_WORDS.get(ones, 0)
    return _NUMBER_WORDS.get(word.casefold(), 0)


def _sort(ends: tuple[int, int]) -> tuple[int, int]:
    return (min(ends), max(ends))


def _list_headings(labels: Mapping[int, str]) -> Iterator[_Heading]:
    for page, label in sorted(labels.items()):
        for at, line in enumerate(label.split("\n")):
            if line or at == 0:
                text = " ".join(unicodedata.normalize("NFKC", line).casefold().split())
                yield _Heading(page, at == 0, text, *_read_number(line))


def _read_number(label: str) -> tuple[str, tuple[str, ...]]:
    """Read the kind and the number that a heading begins with: ("chapter", ("4",))."""
    label = unicodedata.normalize("NFKC", label).lstrip("# ")
    counted = _COUNTED.match(label)
    if counted:
        kind, _, number = next(_read_counted(counted)).partition(" ")
        return kind, tuple(number.split("."))
    match = _LABEL_NUMBER.match(label)
    if not match:
        return "", ()
    kind = next((kind for kind in _KINDS if match[kind]), "")
    number = match["number"].upper()
    if number.isalpha() and not (kind or (_is_roman(number) and label[match.end() - 1] in ".:)")):
        return "", ()
    # The C of "Appendix C" is no hundred.
    is_roman = _is_roman(number) and kind != "appendix"
    return kind, (str(_read_roman(number)),) if is_roman else tuple(number.split("."))


def _is_roman(number: str) -> bool:
    return set(number) <= set("IVXLC")


def _read_roman(number: str) -> int:
    values = [{"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}[letter] for letter in number]
    return sum(
        -value if value < following else value
        for value, following in zip_longest(values, values[1:], fillvalue=0)
    )


def _find_part(kind: str, name: str, headings: Sequence[_Heading], total_pages: int) -> set[int]:
    """Find the pages of one named part: by its number, else by its title."""
    number = _read_number(f"{kind} {name}")[1]
    starts = _find_number(kind, number, headings) if number else []
    title = name.casefold()
    for fits in (str.__eq__, *(() if number else (str.startswith, _has_words))):
        starts = starts or [at for at, one in enumerate(headings) if fits(one.text, title)]
    return {page for at in starts for page in _pages_from(headings, at, number, total_pages)}


def _find_number(kind: str, number: tuple[str, ...], headings: Sequence[_Heading]) -> list[int]:
    """Find where a numbered part begins: "Chapter 4", else "4", else "Section 4", else "4.1"."""
    numbered = [at for at, heading in enumerate(headings) if heading.number == number]
    exact = [at for at in numbered if headings[at].kind == kind]
    if exact or kind == "appendix":
        return exact
    below = [at for at, one in enumerate(headings) if one.number[: len(number)] == number]
    return (
        [at for at in numbered if not headings[at].kind]
        or [at for at in numbered if headings[at].kind != "appendix"]
        or [at for at in below if headings[at].kind != "appendix"][:1]
    )


def _has_words(text: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None


def _pages_from(
    headings: Sequence[_Heading], start: int, number: tuple[str, ...], total_pages: int
) -> range:
    """Return the pages from a heading to the next one that isn't below it."""
    opening = headings[start]
    number = number or opening.number
    if not number:
        return range(opening.page, opening.page + 1)
    for heading in headings[start + 1 :]:
        is_below = heading.number[: len(number)] == number or not heading.number
        higher = _RANKS.index(heading.kind) - _RANKS.index(opening.kind)
        # Inside of "Chapter 4" the sections may be counted anew: "1", "2".
        if higher > 0 or (higher == 0 and not is_below) or _BACK_MATTER.match(heading.text):
            return range(opening.page, max(opening.page, heading.page - heading.opens_page) + 1)
    return range(opening.page, total_pages + 1)


_PAGE_PATTERNS: Final[tuple[tuple[re.Pattern[str], _Reader[tuple[int, int]]], ...]] = (
    (_ENDS, _read_ends),
    (_ENDS_IN_IDEOGRAPHS, _read_ends),
    (_COUNTED_PAGES, _read_counted_pages),
    (_PAGES, _read_pages),
)
_LABEL_PATTERNS: Final[tuple[tuple[re.Pattern[str], _Reader[str]], ...]] = (
    (_COUNTED, _read_counted),
    (_NUMBERED, _read_numbered),
    (_SPELLED, _read_spelled),
    (_NAMED, _read_named),
    (_NAMED_BEFORE, _read_named),
)
"""What is found by an earlier pattern is taken out before a later one looks."""
