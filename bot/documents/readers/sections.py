"""Running text by its headings: one page for each section."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .pages import Limits, Pages, Reading, read_parts

GROUP_CHARACTERS = 1_500
"""Many tiny sections, as in a list of changes, are grouped up to this length."""

_TINY_CHARACTERS = 200
_MANY = 30

# Whichever of them comes first; the inner lengths are bounded, so this takes linear time.
_BLOCK = re.compile(
    r"^ {0,3}(?P<fence>`{3,}|~{3,})"
    r"|^ {0,3}\#{1,6}[ \t]+(?P<title>[^\n]{1,200})$"
    r"|^(?P<over>={3,}\n)?(?P<underlined>[^\s>|\#=`~][^\n]{0,199})\n(?:={3,}|-{3,})[ \t]*$",
    re.MULTILINE,
)
_CLOSING_MARKS = re.compile(r"[ \t]+#+[ \t]*$")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_EMPHASIS = re.compile(r"(?<!\\)(?:\*+|`+|~~+|(?<!\w)_+|_+(?!\w))")


@dataclass(frozen=True, slots=True)
class _Section:
    """A stretch of the text under one heading, which is part of it."""

    label: str
    text: str


def read_sections(text: str, limits: Limits) -> Reading:
    """Read Markdown as sections, labelled with their headings; in parts, if there are none.

    Headings are those with `#` and those underlined with `=` or `-`, outside of fenced code; there
    must be two. A heading without text of its own goes to the section that follows.
    """
    text = text.replace("\r\n", "\n")
    sections = list(_split(text))
    if sum(bool(section.label) for section in sections) < 2:
        return read_parts(text, limits)
    sections = _group(sections, limits.pages)
    pages = Pages(limits)
    for section in sections:
        if pages.full:
            break
        pages.add(section.text, section.label)
    return pages.close("section", len(sections))


def _split(text: str) -> Iterator[_Section]:
    """Cut at every heading that has text of its own."""
    start = 0
    label = ""
    body = 0
    for heading, end, title in _find_headings(text):
        if text[body:heading].strip():
            yield _Section(label, text[start:heading])
            start = heading
        label, body = title, end
    if text[start:].strip():
        yield _Section(label, text[start:])


def _find_headings(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where each heading begins and ends, and what it says."""
    fence = ""
    for match in _BLOCK.finditer(text):
        if match["fence"]:
            # Closed by the same mark, at least as long (CommonMark 0.31, 4.5).
            if not fence:
                fence = match["fence"]
            elif match["fence"].startswith(fence):
                fence = ""
            continue
        if fence:
            continue
        # An underlined line within a paragraph or a table is none.
        stands_alone = match["over"] or text[max(0, match.start() - 2) : match.start()] in (
            "", "\n", "\n\n"
        )  # fmt: skip
        if match["underlined"] and not stands_alone:
            continue
        if title := _strip_markup(match["title"] or match["underlined"]):
            yield match.start(), match.end(), title


def _strip_markup(title: str) -> str:
    title = _LINK.sub(r"\1", _CLOSING_MARKS.sub("", title))
    return _ESCAPE.sub(r"\1", _EMPHASIS.sub("", title)).strip()


def _group(sections: list[_Section], pages: int) -> list[_Section]:
    """Join neighbours under the first one's label, where there are too many or tiny ones."""
    characters = sum(len(section.text) for section in sections)
    tiny = len(sections) > _MANY and characters < _TINY_CHARACTERS * len(sections)
    goal = GROUP_CHARACTERS if tiny else 0
    if len(sections) > pages:
        # Any two neighbours are longer than this together, so that the pages suffice.
        goal = max(goal, 2 * characters // pages)
    groups: list[list[_Section]] = []
    size = 0
    for section in sections:
        size += len(section.text)
        if groups and size <= goal:
            groups[-1].append(section)
        else:
            groups.append([section])
            size = len(section.text)
    return [_Section(group[0].label, "".join(one.text for one in group)) for group in groups]
