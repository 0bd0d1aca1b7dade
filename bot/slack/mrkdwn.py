"""Markdown as Slack's mrkdwn, for the blocks that take nothing else. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from bot.slack.defuse import BREAK
from bot.slack.markdown import escape, split
from bot.slack.prose import FENCE_MARKS

_HEADING: Final = re.compile(r"[ \t]*#{1,6}[ \t]+")
_ITEM: Final = re.compile(r"([ \t]*)[-*+][ \t]+(?=\S)")
_QUOTE: Final = re.compile(r"[ \t]*>[ \t]?")
_RULE: Final = re.compile(r"[ \t]*([-*_])(?:[ \t]*\1){2,}[ \t]*\Z")
_TABLE_RULE: Final = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)+\|?[ \t]*\Z")
_INLINE: Final = re.compile(
    r"(?P<code>(?<!`)(?P<ticks>`+)(?!`)[^\n]+?(?<!`)(?P=ticks)(?!`))"
    r"|!?\[(?P<label>[^\]\n]{0,500})\]\((?P<target>[^)\s]{1,2000})\)"
    r"|\*\*(?=\S)(?P<bold>[^\n]{1,500}?)(?<=\S)\*\*"
    r"|(?<!\w)__(?=\S)(?P<strong>[^\n]{1,500}?)(?<=\S)__(?!\w)"
    r"|~~(?=\S)(?P<struck>[^\n~]+)(?<=\S)~~"
    r"|(?<![\w*])\*(?=[^\s*])(?P<slanted>[^*\n]+?)(?<=[^\s*])\*(?![\w*])"
)


def render_mrkdwn(markdown: str, limit: int) -> list[str]:
    """Return Markdown, already defused, as pieces of mrkdwn of at most `limit` characters.

    Headings and strong text are bold, lists have bullets, links name their targets, tables are
    code. A fence that nothing closes is closed. Nothing is left out. `limit` must be 1,000 or more.
    """
    return list(_render(markdown.strip(), limit, limit))


def _render(markdown: str, size: int, limit: int) -> Iterator[str]:
    """Yield pieces that had at most `size` characters, escaped, before they were converted."""
    for piece in split(markdown, size, _escaped_size):
        written = _to_mrkdwn(piece)
        if len(written) <= limit:
            yield written
        else:
            # What is put around many tiny tables at most about doubles it.
            yield from _render(piece, size // 2, limit)


def _escaped_size(text: str) -> int:
    return len(escape(text))


def _to_mrkdwn(markdown: str) -> str:
    return "\n".join(_convert_lines(markdown.split("\n")))


def _convert_lines(lines: list[str]) -> Iterator[str]:
    fence, in_table = "", False
    for index, line in enumerate(lines):
        if fence:
            mark = FENCE_MARKS.match(line)
            closes = mark and mark[2].startswith(fence) and not line[mark.end() :].strip()
            fence = "" if closes else fence
            yield "```" if closes else _write_code(line)
            continue
        if in_table and "|" not in line:
            in_table = False
            yield "```"
        if in_table:
            yield _write_code(line)
        elif _opens_table(line, lines[index + 1] if index + 1 < len(lines) else ""):
            in_table = True
            yield "```"
            yield _write_code(line)
        elif (mark := FENCE_MARKS.match(line)) and mark[2][0] not in line[mark.end() :]:
            fence = mark[2]
            yield "```"
        else:
            yield _convert_line(line)
    if fence or in_table:
        yield "```"


def _opens_table(line: str, following: str) -> bool:
    return "|" in line and _TABLE_RULE.match(following) is not None


def _convert_line(line: str) -> str:
    if heading := _HEADING.match(line):
        words = _INLINE.sub(_strip_strong, line[heading.end() :].rstrip(" \t#"))
        return f"*{_convert_inline(words)}*" if words else ""
    if _RULE.match(line):
        return "———"
    if quote := _QUOTE.match(line):
        return "> " + _convert_line(line[quote.end() :])
    if item := _ITEM.match(line):
        return f"{item[1]}• {_convert_inline(line[item.end() :])}"
    return _convert_inline(line)


def _strip_strong(found: re.Match[str]) -> str:
    """Take the stars off what is strong in a heading, which is bold as a whole."""
    return found["bold"] or found["strong"] or found[0]


def _convert_inline(text: str) -> str:
    converted: list[str] = []
    done = 0
    for found in _INLINE.finditer(text):
        converted += (escape(text[done : found.start()]), _convert_found(found))
        done = found.end()
    return "".join([*converted, escape(text[done:])])


def _convert_found(found: re.Match[str]) -> str:
    if found["code"]:
        return "`" + escape(found["code"].strip("`")) + "`"
    if found["target"]:
        # In words, so that the address shows: in mrkdwn a label can hide any.
        label, target = _convert_inline(found["label"]), escape(found["target"])
        return f"{label} ({target})" if label and label != target else target
    if bold := found["bold"] or found["strong"]:
        return f"*{_convert_inline(bold)}*"
    if found["struck"]:
        return f"~{_convert_inline(found['struck'])}~"
    return f"_{_convert_inline(found['slanted'])}_"


def _write_code(line: str) -> str:
    """Write a line of code; mrkdwn has but one fence, which code that shows one would close."""
    return escape(line.replace("```", f"`{BREAK}``"))
