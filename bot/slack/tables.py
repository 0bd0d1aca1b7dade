"""Tables between Markdown and Slack's own table blocks. Pure.

Slack's `markdown` block renders tables on current clients only; a `table` block does on all. There
may be one per message (Slack docs, "Table block"). It is the first table that fits; the others stay
Markdown, for an answer in as many messages as it has tables would read worse.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.slack import limits
from bot.slack.defuse import break_mentions, defuse

Align = Literal["left", "center", "right"]

_BLOCKS: Final = MarkdownIt("commonmark").enable("table").disable("inline")
_INLINES: Final = MarkdownIt("commonmark").enable("strikethrough")
_MAYBE_TABLE: Final = re.compile(r"^[ \t|:]*-+[ \t\r|:-]*$", re.MULTILINE)
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+\Z")
_BORDER: Final = re.compile(r"\\.|(?P<border>\|)", re.DOTALL)
_BORDER_OUTSIDE_CODE: Final = re.compile(
    r"\\.|(?<!`)(`{1,10})(?!`).{1,300}?(?<!`)\1(?!`)|(?P<border>\|)", re.DOTALL
)
_BREAK_TAG: Final = re.compile(r"<br[ ]?/?>", re.IGNORECASE)
# Plain text of Markdown that a cell shows as an element of its own: an address, an emoji.
_ELEMENT: Final = re.compile(
    r"(?P<url>https?://[^\s<>|]*[^\s<>|.,;:!?)\]'\"])"
    r"|(?<![\w:]):(?P<emoji>[a-z][a-z0-9_+'-]{0,99}):(?![\w:])"
)
_LINKABLE: Final = ("http://", "https://", "mailto:")
_STYLES: Final = {"strong": "bold", "em": "italic", "s": "strike"}
_MARKS: Final = {"bold": "**", "italic": "*", "strike": "~~"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was written; the rows have the same number of cells, those of the header first.

    Attributes:
        source: Its lines.
        aligns: How the columns are aligned.
        rows: The cells' Markdown, without the escapes of `|`.
    """

    source: str
    aligns: tuple[Align, ...]
    rows: tuple[tuple[str, ...], ...]


def divide(markdown: str) -> list[str | Table]:
    """Divide Markdown into its tables and the text between them, of which nothing is left out.

    Tables in lists and quotes are part of the text. A row longer than the header makes the header
    longer instead of losing its last cells.
    """
    if not _MAYBE_TABLE.search(markdown):
        return [markdown]
    lines = _LINE.findall(markdown)
    parts: list[str | Table] = []
    done = 0
    for token in _BLOCKS.parse(markdown):
        if token.type != "table_open" or token.level or token.map is None:
            continue
        start, end = token.map
        # Markdown takes a line of prose below a table for a row; nobody means that.
        end = next((at for at in range(start + 2, end) if "|" not in lines[at]), end)
        parts += ["".join(lines[done:start]), _read_table(lines[start:end])]
        done = end
    return [part for part in (*parts, "".join(lines[done:])) if part]


def lay_out_tables(markdown: str) -> list[dict[str, Any]]:
    """Return the blocks that show Markdown: `markdown` blocks, and one `table` if there is one.

    `markdown` is defused; so is what comes out.
    """
    parts = divide(markdown)
    if len(parts) == 1 and isinstance(parts[0], str):
        return [{"type": "markdown", "text": markdown}]
    blocks: list[dict[str, Any]] = []
    prose = ""
    native = False
    for part in parts:
        if isinstance(part, Table) and not native and _fits(part):
            blocks += [*_lay_out_prose(prose), _build_block(part)]
            prose, native = "", True
        else:
            # Only cells of a table block can hold lines.
            prose += _BREAK_TAG.sub(" ", part.source) if isinstance(part, Table) else part
    return blocks + _lay_out_prose(prose)


def holds_table(markdown: str) -> bool:
    """Tell whether `lay_out_tables` makes a table block of some of it."""
    return any(block["type"] == "table" for block in lay_out_tables(markdown))


def read_blocks(blocks: Sequence[Mapping[str, Any]]) -> str:
    """Return the Markdown that an answer's blocks were made of, as Slack gives them back.

    Returns "" if Slack turned some of it into blocks of another kind.
    """
    if any(block.get("type") == "rich_text" for block in blocks):
        return ""
    texts: list[str] = []
    for block in blocks:
        if block.get("type") == "markdown":
            texts.append(str(block.get("text", "")))
        elif block.get("type") == "table":
            texts.append(write_table(block))
    return "\n\n".join(texts)


def write_tables(blocks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the blocks with a table as Markdown, in one block with the Markdown around it."""
    written: list[dict[str, Any]] = []
    for block in blocks:
        plain = dict(block)
        if block["type"] == "table":
            # No tags: where tables aren't shown as such, neither are line breaks.
            plain = {"type": "markdown", "text": defuse(_BREAK_TAG.sub(" ", write_table(block)))}
        if written and written[-1]["type"] == plain["type"] == "markdown":
            written[-1] = {**plain, "text": f"{written[-1]['text']}\n\n{plain['text']}"}
        else:
            written.append(plain)
    return written


def write_table(block: Mapping[str, Any]) -> str:
    """Write a table block as Markdown."""
    rows = [[_write_cell(cell) for cell in row] for row in block.get("rows") or ()]
    if not rows:
        return ""
    settings = block.get("column_settings") or ()
    aligns = [(setting or {}).get("align", "left") for setting in settings]
    aligns += ["left"] * (len(rows[0]) - len(aligns))
    rule = [{"center": ":---:", "right": "---:"}.get(align, "---") for align in aligns]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))


def describe_tables(markdown: str) -> str:
    """Put each row of a table in words: its cells, each with its column's header.

    For those who listen to it, and where no table can be shown.
    """
    parts = divide(markdown)
    return "".join(_describe(part) if isinstance(part, Table) else part for part in parts)


def _describe(table: Table) -> str:
    header, *rows = table.rows
    described = [
        "; ".join(
            f"{name}: {cell}" if name else cell
            for name, cell in zip(header, row, strict=True)
            if cell
        )
        for row in rows
    ] or ["; ".join(name for name in header if name)]
    return _BREAK_TAG.sub(" ", "".join(f"{line}\n" for line in described if line))


def _read_table(lines: Sequence[str]) -> Table:
    """Read the lines of a table, of which the second is its rule."""
    rule = _split_row(lines[1], 0)
    header = _split_row(lines[0], len(rule))
    rows = [header, *(_split_row(line, len(rule)) for line in lines[2:])]
    width = max(map(len, rows))
    aligns = [_read_align(mark) for mark in rule] + ["left"] * (width - len(rule))
    return Table(
        "".join(lines),
        tuple(aligns),
        tuple((*row, *[""] * (width - len(row))) for row in rows),
    )


def _read_align(mark: str) -> Align:
    if mark.endswith(":"):
        return "center" if mark.startswith(":") else "right"
    return "left"


def _split_row(line: str, columns: int) -> list[str]:
    """Split a row into its cells.

    By the letter, a `|` in code is a border unless it is escaped (GitHub Flavored Markdown,
    "Tables"). Models forget that: if the row has `columns` cells only without such borders, it was
    meant so.
    """
    row = line.strip().removeprefix("|")
    cells = _split(row, _BORDER)
    if len(cells) != columns:
        meant = _split(row, _BORDER_OUTSIDE_CODE)
        cells = meant if len(meant) == columns else cells
    return [cell.strip().replace("\\|", "|") for cell in cells]


def _split(row: str, border: re.Pattern[str]) -> list[str]:
    cells: list[str] = []
    start = 0
    for match in border.finditer(row):
        if match["border"]:
            cells.append(row[start : match.start()])
            start = match.end()
    rest = row[start:]
    return [*cells, rest] if rest.strip() or not cells else cells


def _fits(table: Table) -> bool:
    """Tell whether Slack takes the table as a block of its own."""
    return (
        len(table.rows) <= limits.TABLE_ROWS
        and len(table.aligns) <= limits.TABLE_COLUMNS
        and sum(len(cell) + 1 for row in table.rows for cell in row) <= limits.TABLE_CHARS
    )


def _lay_out_prose(prose: str) -> list[dict[str, Any]]:
    text = prose.strip("\r\n")
    return [{"type": "markdown", "text": text}] if text.strip() else []


def _build_block(table: Table) -> dict[str, Any]:
    return {
        "type": "table",
        "column_settings": [{"align": align, "is_wrapped": True} for align in table.aligns],
        "rows": [[_build_cell(cell) for cell in row] for row in table.rows],
    }


def _build_cell(markdown: str) -> dict[str, Any]:
    """Build a cell, of plain text where that shows it all.

    Rich text is made of texts, links and emoji alone: nothing in it can ping anybody.
    """
    elements = list(_merge(_read_elements(markdown)))
    if all(element["type"] == "text" and "style" not in element for element in elements):
        text = "".join(element["text"] for element in elements)
        # Slack refuses the whole message for an empty cell (vercel/chat#373).
        return {"type": "raw_text", "text": text if text.strip() else " "}
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "elements": [section]}


def _read_elements(markdown: str) -> Iterator[dict[str, Any]]:
    """Yield what a cell shows as elements of rich text."""
    styles: dict[str, bool] = {}
    link: str | None = None
    label = ""
    for token in _INLINES.parseInline(markdown)[0].children or ():
        kind = token.type.removesuffix("_open").removesuffix("_close")
        if kind in _STYLES:
            styles = {name: on for name, on in styles.items() if name != _STYLES[kind]}
            if token.nesting > 0:
                styles[_STYLES[kind]] = True
        elif token.type == "link_open":
            link, label = str(token.attrGet("href") or ""), ""
        elif token.type == "link_close" and link is not None:
            yield _build_link(link, label, styles)
            link = None
        elif link is not None:
            label += _text_of(token)
        elif token.type == "code_inline":
            yield _style({"type": "text", "text": token.content}, {**styles, "code": True})
        else:
            yield from _find_elements(_text_of(token), styles)


def _text_of(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"} or _BREAK_TAG.fullmatch(token.content):
        return "\n"
    return token.content


def _build_link(target: str, label: str, styles: dict[str, bool]) -> dict[str, Any]:
    if target.startswith(_LINKABLE):
        text = break_mentions(label) or target
        return _style({"type": "link", "url": target, "text": text}, styles)
    return _style({"type": "text", "text": f"{label} ({target})"}, styles)


def _find_elements(text: str, styles: dict[str, bool]) -> Iterator[dict[str, Any]]:
    """Yield a text with its bare addresses as links and its shortcodes as emoji."""
    done = 0
    for match in _ELEMENT.finditer(text):
        yield _style({"type": "text", "text": text[done : match.start()]}, styles)
        done = match.end()
        if match["emoji"]:
            yield {"type": "emoji", "name": match["emoji"]}
        else:
            yield _style({"type": "link", "url": match["url"], "text": match["url"]}, styles)
    yield _style({"type": "text", "text": text[done:]}, styles)


def _style(element: dict[str, Any], styles: Mapping[str, bool]) -> dict[str, Any]:
    return {**element, "style": dict(styles)} if styles else element


def _merge(elements: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the elements without empty ones, texts of one style joined.

    What escapes and entities made of a cell has not been defused yet.
    """
    for (kind, style), run in groupby(elements, lambda one: (one["type"], one.get("style"))):
        if kind != "text":
            yield from run
        elif text := "".join(element["text"] for element in run):
            yield _style({"type": "text", "text": break_mentions(text)}, style or {})


def _write_cell(cell: Mapping[str, Any] | None) -> str:
    """Write a cell as Markdown; Slack may give an empty one back as null (slack-go#1560)."""
    if cell is None:
        return ""
    if cell.get("type") == "rich_text":
        elements = [
            one for part in cell.get("elements") or () for one in part.get("elements") or ()
        ]
        text = "".join(map(_write_element, elements))
    else:
        text = str(cell.get("text", cell.get("value", "")))
    return text.strip().replace("|", "\\|").replace("\n", "<br>")


def _write_element(element: Mapping[str, Any]) -> str:
    if element.get("type") == "emoji":
        return f":{element.get('name', '')}:"
    text = str(element.get("text", ""))
    style = element.get("style") or {}
    url = element.get("url")
    if url and text and text != url:
        text = f"[{text}]({url})"
    elif url:
        text = str(url)
    elif style.get("code"):
        text = f"``{text}``" if "`" in text else f"`{text}`"
    for name, mark in _MARKS.items():
        if style.get(name):
            text = f"{mark}{text}{mark}"
    return text
