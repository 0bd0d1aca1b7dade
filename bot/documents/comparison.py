"""What changed between two versions of a document, and which files are versions of one. Pure."""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import reduce
from itertools import groupby
from typing import Literal

from bot.conversation.messages import PageUnit, Passage
from bot.documents.marks import write_mark

Extent = Literal["none", "layout", "some", "most"]

_TEXT_FORMATS = frozenset({"doc", "docx", "md", "odt", "pdf", "rtf", "txt"})
"""A text may change its format from one version to the next."""

_EXTENSION = re.compile(r"(?<=.)\.([a-z0-9]{1,5})\Z")
_NOT_THE_SUBJECT = (
    re.compile(r"[(\[]\s*(?:\d{1,3}|copy|kopie)\s*[)\]]"),
    re.compile(r"(?<!\d)(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?!\d)"),
    re.compile(r"(?<!\d)(?:0?[1-9]|[12]\d|3[01])([-_.])(?:0?[1-9]|1[0-2])\1(?:19|20)?\d\d(?!\d)"),
    re.compile(r"(?:19|20)\d\d年\d{1,2}月\d{1,2}日"),
    re.compile(
        r"(?<![^\W_])(?:v|ver|vers|version|versión|versione|versão|versie|rev|revision|révision"
        r"|r|fassung|draft|entwurf|copy|kopie)[\s._-]*\d+(?:[._-]\d+)*(?![^\W_])"
    ),
    re.compile(r"(?<=[^\W\d_])v\d+(?:\.\d+)*(?![^\W_])"),  # planv2
    re.compile(r"第?\d+[版稿]|バージョン\d*|최종본?|수정본?|사본|改[訂订]版?|修正版?|修[訂订]稿?"),
    re.compile(r"最[終终新][版稿]?|[終终]稿|草[稿案]|副本|コピー|新版|旧版"),
    re.compile(
        r"(?<![^\W_])(?:copy of|copie de|copia de|copia di|cópia de|kopie von|kopie van)(?=[\W_])"
    ),
)
_VERSION_WORDS = frozenset({
    "aktualisiert", "alt", "altes", "anterior", "borrador", "bozza", "brouillon", "changes",
    "clean", "concept", "copia", "copie", "copy", "corrected", "corrigé", "cópia", "definitief",
    "definitivo", "draft", "définitif", "edited", "endfassung", "entwurf", "fassung", "final",
    "finale", "fixed", "kopie", "korrigiert", "latest", "markup", "modifié", "neu", "neue",
    "new", "nieuw", "nouveau", "nouvelle", "old", "original", "oud", "rascunho", "redline",
    "rev", "revidiert", "reviewed", "revised", "revision", "revisión", "révision", "signed",
    "tracked", "updated", "ver", "versie", "version", "versione", "versión", "versão",
    "überarbeitet",
})  # fmt: skip

_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"(?<!\d)\d{1,4}(?!\d)")
_SENTENCE_END = re.compile(
    r"(?:(?<=[.!?])|(?<=[.!?][\"'”’»)]))\s+(?=[^\W\d_a-z]|[\"'“‘«(])"  # noqa: RUF001  # quotes
    r"|(?<=[。！？])"  # noqa: RUF001  # full-width marks end sentences, too
)
_ITEM = re.compile(r"(?:[-*•·▪◦‣–—]|\(?[0-9ivx]{1,4}[.)]|#{1,6})\s|\||```")  # noqa: RUF001  # bullets and dashes
_UNSPACED = re.compile(r"[\u3000-\u9fff\uf900-\ufaff\uff00-\uffef]")
"""Kana and ideographs, which stand without spaces between words."""

_DIVIDED = re.compile(r"[^\W\d_]-\Z")
_FULL_LINE = 0.7
"""A line of at least this share of the usual width may go on in the next one."""

_RUNNING_LINES = 2
"""How many lines at a page's top and bottom can be a running head or foot."""

_SMALL = 1_000
"""Up to this many pairs of sentences are compared each with each."""

_MOST = 0.3
"""If less than this share of the text stayed, most of it changed."""

_LINES_OF_A_LONG_CHANGE = 4


@dataclass(frozen=True, slots=True)
class Change:
    """Neighbouring sentences that were taken out, put in, or replaced by others.

    Attributes:
        old: The sentences of the old version, each on one line; empty if something was put in.
        new: Those of the new version; empty if something was taken out.
        old_page: Where they begin, or where they would stand.
        new_page: Likewise.
        old_label: The old page's own name, if it has one.
        new_label: Likewise.
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    old_page: int
    new_page: int
    old_label: str = ""
    new_label: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed from one version to the next, in the order of the document.

    Attributes:
        extent: `none`: the same text on the same pages; `layout`: the same words, laid out in
            another way; `some`; `most`: hardly anything stayed, perhaps it is another document.
        blocks: Empty unless words changed.
    """

    extent: Extent
    blocks: tuple[Change, ...] = ()

    @property
    def removed(self) -> tuple[Change, ...]:
        return tuple(block for block in self.blocks if not block.new)

    @property
    def added(self) -> tuple[Change, ...]:
        return tuple(block for block in self.blocks if not block.old)

    @property
    def replaced(self) -> tuple[Change, ...]:
        return tuple(block for block in self.blocks if block.old and block.new)


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    page: int
    label: str


def is_version_of(new_name: str, old_name: str) -> bool:
    """Say whether two file names look like two versions of one document.

    They do when they name the same subject once version words, dates, copy numbers and the like are
    taken off. Other numbers are part of the subject: q3.pdf is no version of q4.pdf.
    """
    new_stem, new_format = _take_apart(new_name)
    old_stem, old_format = _take_apart(old_name)
    if new_format != old_format and not {new_format, old_format} <= _TEXT_FORMATS:
        return False
    if new_stem == old_stem:
        return True
    subject = _find_subject(new_stem)
    return bool(subject) and subject == _find_subject(old_stem)


def compare(old: Sequence[Passage], new: Sequence[Passage]) -> Changes:
    """Find what changed, sentence by sentence.

    Line breaks, page breaks, running heads and white space don't count. Text that was moved is
    taken out in one place and put in in another. Takes about a second for two documents of
    1,000 pages, however they differ: run it in a thread.

    Args:
        old: All passages of the old version, in order.
        new: All passages of the new one.
    """
    if [(one.page, one.text) for one in old] == [(one.page, one.text) for one in new]:
        return Changes("none")
    old_sentences, new_sentences = _list_sentences(old), _list_sentences(new)
    blocks = []
    for old_range, new_range in _find_differences(
        [one.text for one in old_sentences],
        [one.text for one in new_sentences],
        range(len(old_sentences)),
        range(len(new_sentences)),
    ):
        block = _describe(old_sentences, new_sentences, old_range, new_range)
        if _squeeze(block.old) != _squeeze(block.new):
            blocks.append(block)
    if not blocks:
        return Changes("layout")
    changed = sum(len(text) for block in blocks for text in (*block.old, *block.new))
    whole = sum(len(one.text) for one in (*old_sentences, *new_sentences))
    kept = whole - changed
    return Changes("most" if kept < _MOST * whole else "some", tuple(blocks))


def render(
    changes: Changes,
    room_tokens: int,
    estimate: Callable[[str], int],
    *,
    unit: PageUnit,
    old_name: str,
    new_name: str,
) -> tuple[str, int]:
    """Quote the changes for a prompt, as many as fit, each under the marks of its pages.

    When not all fit, long ones are cut to their first lines, so that more of them are seen.

    Args:
        changes: What `compare` found.
        room_tokens: What the text may cost, by `estimate`.
        estimate: Tokens of a text.
        unit: What the pages are called.
        old_name: The old version's name in the marks; not the same as `new_name`.
        new_name: The new version's.

    Returns:
        Lines that begin with `| - ` for old words and `| + ` for new ones, and how many changes are
        left out.
    """

    def quote(block: Change, most_lines: int | None) -> str:
        marks = []
        if block.old:
            marks.append(write_mark(unit, block.old_page, block.old_label, document=old_name))
        if block.new:
            marks.append(write_mark(unit, block.new_page, block.new_label, document=new_name))
        lines = (*_sign("-", block.old, most_lines), *_sign("+", block.new, most_lines))
        return "\n".join((" ".join(marks), *lines))

    whole = "\n".join(quote(block, None) for block in changes.blocks)
    if estimate(whole) <= room_tokens:
        return whole, 0
    quoted: list[str] = []
    left = room_tokens
    for block in changes.blocks:
        text = quote(block, _LINES_OF_A_LONG_CHANGE)
        cost = estimate(text) + 1
        if cost <= left:
            left -= cost
            quoted.append(text)
    return "\n".join(quoted), len(changes.blocks) - len(quoted)


def _sign(sign: str, sentences: Sequence[str], most: int | None) -> list[str]:
    lines = [f"| {sign} {sentence}" for sentence in sentences[:most]]
    beyond = len(sentences) - len(lines)
    return [*lines, f"| {sign} ({beyond} more lines)"] if beyond else lines


def _take_apart(name: str) -> tuple[str, str]:
    """Split a name into its stem and its format, both in lower case."""
    name = unicodedata.normalize("NFKC", re.sub(r"(?<=[a-z])V(?=\d)", " V", name)).casefold()
    name = " ".join(name.split())
    found = _EXTENSION.search(name)
    return (name[: found.start()], found[1]) if found else (name, "")


def _find_subject(stem: str) -> tuple[str, ...]:
    bare = reduce(lambda text, pattern: pattern.sub(" ", text), _NOT_THE_SUBJECT, stem)
    words = _WORD.findall(bare)
    return tuple(word for word in words if word not in _VERSION_WORDS) or tuple(words)


def _list_sentences(passages: Sequence[Passage]) -> list[_Sentence]:
    """Cut a document's running text into sentences, list items, rows and headings.

    A sentence goes on over the end of a line, or of a page, where the line is a full one.
    """
    lines = list(_list_lines(passages))
    lengths = sorted(len(line) for _, _, line in lines if line)
    # Nine in ten lines are no longer than this.
    width = _FULL_LINE * lengths[len(lengths) * 9 // 10] if lengths else 0
    sentences: list[_Sentence] = []
    goes_on = False
    for page, label, line in lines:
        goes_on = goes_on and not _ITEM.match(line)
        for fragment in filter(None, _SENTENCE_END.split(line)):
            before = sentences[-1].text if goes_on else ""
            if before and not _SENTENCE_END.search(f"{before[-2:]} {fragment[0]}"):
                start = sentences.pop()
                sentences.append(_Sentence(_join(before, fragment), start.page, start.label))
            else:
                sentences.append(_Sentence(fragment, page, label))
            goes_on = True
        if len(line) < width or " | " in line:
            goes_on = False
    return sentences


def _list_lines(passages: Sequence[Passage]) -> Iterator[tuple[int, str, str]]:
    """Yield a document's lines with page and label, but for running heads and feet."""
    pages = list(_list_pages(passages))
    running = _find_running_lines((page, lines) for page, _, lines in pages)
    for page, label, lines in pages:
        if label:  # a page with a name of its own begins something new
            yield page, label, ""
        bottom = len(lines) - _RUNNING_LINES
        for at, line in enumerate(lines):
            if _RUNNING_LINES <= at < bottom or running.isdisjoint(_list_forms(line, page)):
                yield page, label, line


def _list_pages(passages: Sequence[Passage]) -> Iterator[tuple[int, str, list[str]]]:
    """Yield pages as number, label and stripped lines; a header row above each piece only once."""
    for number, pieces in groupby(passages, key=lambda passage: passage.page):
        lines: list[str] = []
        header = ""
        label = ""
        for passage in pieces:
            own = [" ".join(line.split()) for line in passage.text.split("\n")]
            if passage.piece > 1 and own[0] == header:
                del own[0]
            elif passage.piece == 1:
                header = own[0]
            label = passage.label
            lines += own
        yield number, label, lines


def _find_running_lines(pages: Iterable[tuple[int, Sequence[str]]]) -> frozenset[str]:
    """Find heads and feet: lines that stand at the top or bottom of many pages."""
    counts: Counter[str] = Counter()
    total = 0
    for page, lines in pages:
        total += 1
        if len(lines) > 2 * _RUNNING_LINES:  # shorter pages have no middle to tell them from
            edges = (*lines[:_RUNNING_LINES], *lines[-_RUNNING_LINES:])
            counts.update({form for line in edges for form in _list_forms(line, page)})
    return frozenset(form for form, times in counts.items() if times >= 3 and 3 * times > total)


def _list_forms(line: str, page: int) -> set[str]:
    """List what a running line would have the same on each page.

    That is the line, or the line with its first or last number counted from the page's. Numbers
    that don't go with the pages are no less a part of it than words: a table's last row is no foot.
    """
    forms = {line}
    numbers = list(_NUMBER.finditer(line))
    for number in (*numbers[:1], *numbers[-1:]):
        forms.add(f"{line[: number.start()]}{int(number[0]) - page:+}{line[number.end() :]}")
    return forms


def _join(text: str, line: str) -> str:
    """Go on with a sentence in the next line; a word divided at the end of one is made whole."""
    if _DIVIDED.search(text) and line[0].islower():
        return text[:-1] + line
    return text + line if _UNSPACED.match(text[-1]) else f"{text} {line}"


def _squeeze(sentences: Sequence[str]) -> str:
    return re.sub(r"[\s\u00ad-]+", "", "".join(sentences))


def _describe(
    old: Sequence[_Sentence], new: Sequence[_Sentence], old_range: range, new_range: range
) -> Change:
    nowhere = _Sentence("", 1, "")
    old_at = old[min(old_range.start, len(old) - 1)] if old else nowhere
    new_at = new[min(new_range.start, len(new) - 1)] if new else nowhere
    return Change(
        tuple(old[at].text for at in old_range),
        tuple(new[at].text for at in new_range),
        old_at.page,
        new_at.page,
        old_at.label,
        new_at.label,
    )


def _find_differences(
    old: Sequence[str], new: Sequence[str], old_range: range, new_range: range
) -> Iterator[tuple[range, range]]:
    """Yield the stretches that differ, in order.

    Sentences that both have just once, in the same order, hold the two together; between them the
    search goes on, as in the patience diff. What has none is compared each with each if it is
    small, else taken as replaced.
    """
    old_start, old_end = old_range.start, old_range.stop
    new_start, new_end = new_range.start, new_range.stop
    while old_start < old_end and new_start < new_end and old[old_start] == new[new_start]:
        old_start, new_start = old_start + 1, new_start + 1
    while old_start < old_end and new_start < new_end and old[old_end - 1] == new[new_end - 1]:
        old_end, new_end = old_end - 1, new_end - 1
    old_range, new_range = range(old_start, old_end), range(new_start, new_end)
    if not (old_range or new_range):
        return
    anchors = _find_anchors(old, new, old_range, new_range)
    if anchors:
        for old_at, new_at in (*anchors, (old_end, new_end)):
            yield from _find_differences(
                old, new, range(old_start, old_at), range(new_start, new_at)
            )
            old_start, new_start = old_at + 1, new_at + 1
    elif len(old_range) * len(new_range) <= _SMALL:
        matcher = SequenceMatcher(
            None, old[old_start:old_end], new[new_start:new_end], autojunk=False
        )
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            if tag != "equal":
                yield (
                    range(old_start + i1, old_start + i2),
                    range(new_start + j1, new_start + j2),
                )
    else:
        yield old_range, new_range


def _find_anchors(
    old: Sequence[str], new: Sequence[str], old_range: range, new_range: range
) -> list[tuple[int, int]]:
    """Return the longest rising row of pairs of sentences that both stretches have just once."""
    old_counts = Counter(old[at] for at in old_range)
    new_counts = Counter(new[at] for at in new_range)
    places = {new[at]: at for at in new_range if new_counts[new[at]] == 1}
    pairs = [
        (at, places[old[at]]) for at in old_range if old_counts[old[at]] == 1 and old[at] in places
    ]
    return _find_longest_rise(pairs)


def _find_longest_rise(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest choice of pairs, sorted by their first numbers, whose second ones rise."""
    lowest: list[int] = []  # the lowest end of a rise of each length
    ends: list[int] = []  # and which pair that is
    before: list[int] = []
    for at, (_, place) in enumerate(pairs):
        length = bisect_left(lowest, place)
        before.append(ends[length - 1] if length else -1)
        lowest[length : length + 1] = [place]
        ends[length : length + 1] = [at]
    rise = []
    at = ends[-1] if ends else -1
    while at >= 0:
        rise.append(pairs[at])
        at = before[at]
    return rise[::-1]
