"""What a prompt and a message come to, read as leniently as any model or chat might."""

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.demo.workspace import Message
from tests.chatting import BOT, Chat

LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"

_LINE_END = re.compile(f"\r\n|[{LINE_ENDS}]")
_OPENING = re.compile(
    r"<(?P<kind>document|notes|changes|conversation) boundary=(?P<boundary>[0-9a-f]{8})"
    r'(?: (?:name|kind|from|to)="[^"<>]{1,80}")+>'
)
_NAME = r'[^\[\]"<>@|]{1,70}'
_ONE_MARK = (
    rf"\[(?:{_NAME}, )?(?:p\. \d+|(?:slide|part|section|sheet) \d+|(?:section|sheet) \"{_NAME}\")"
    r"(?:, continued)?\]"
)
_MARK = re.compile(rf"\[before this part\]|{_ONE_MARK}(?: {_ONE_MARK})?")

_SWITCH_AT_END = re.compile(r"\n\n/(?:no_)?think\Z")
_CONTROL = re.compile(
    r"/(?:no_)?think|</?think>|<special_\d+>|</?(?:tool_?calls?|available_tools|tool_responses?)>"
    r"|<\|\w+\|>"
)


@dataclass(frozen=True, slots=True)
class Inspected:
    """A text of a prompt, taken apart.

    Attributes:
        quoted: The lines that are set off as material.
        marks: The lines that open pages.
        spoken: All other lines, which the model takes for instructions or for what people say.
    """

    quoted: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)


def inspect(text: str) -> Inspected:
    """Take a text of a prompt apart; it is an AssertionError if a frame holds anything strange."""
    found = Inspected()
    opened: re.Match[str] | None = None
    for line in _LINE_END.split(text):
        if opened is None:
            opened = _OPENING.fullmatch(line)
            if opened is None:
                found.spoken.append(line)
        elif line == f"</{opened['kind']} boundary={opened['boundary']}>":
            opened = None
        elif line.startswith("|"):
            assert opened["boundary"] not in line
            found.quoted.append(line)
        else:
            assert is_mark(line), f"neither quoted nor a mark: {line!r}"
            found.marks.append(line)
    assert opened is None, "a frame is not closed"
    return found


def is_mark(line: str) -> bool:
    """Tell whether it is a line of ours that opens a page, or a change on two."""
    return bool(_MARK.fullmatch(line))


def inspect_prompt(prompt: list[dict[str, str]]) -> Inspected:
    """Take a request apart, and see that nobody but us controls the model by it."""
    found = Inspected()
    roles = [message["role"] for message in prompt]
    assert roles[0] == "system"
    assert "system" not in roles[1:]
    for message in prompt:
        content = message["content"]
        if message in {0: prompt[0], -1: prompt[-1]}.values():
            content = _SWITCH_AT_END.sub("", content)
        assert find_controls(content) == []
        part = inspect(content) if message is prompt[-1] else Inspected(spoken=[content])
        found.quoted.extend(part.quoted)
        found.marks.extend(part.marks)
        found.spoken.extend(part.spoken)
    return found


def find_controls(text: str) -> list[str]:
    """Return the control words that a server's tokenizer could find, however they are disguised."""
    folded = "".join(
        char
        for char in unicodedata.normalize("NFKC", text).casefold()
        if unicodedata.category(char) != "Cf"
        and not ("\ufe00" <= char <= "\ufe0f" or "\U000e0000" <= char <= "\U000e0fff")
    )
    return _CONTROL.findall(folded)


_FENCED = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*\1[^\n]*$|\Z)", re.DOTALL | re.MULTILINE
)
_CODE = re.compile(r"(?<!`)(`+)(?!`)((?:(?!\n\s*\n).)+?)(?<!`)\1(?!`)", re.DOTALL)
_LIVE_LINK = re.compile(
    r"[a-z][a-z0-9+.\-]*://[^\s<>]*"
    r"|\]\(\s*<?(?P<target>[^\s<>)]*[:/.][^\s<>)]*)"
    r"|<(?P<angled>[a-z][a-z0-9+.\-]{1,31}:[^\s<>]*)>"
    r"|(?<!\w)www\.[^\s<>]+"
    # A host by itself can carry something below the domain that its owner holds.
    r"|(?<![\w@/.\-])(?:(?:[a-z0-9\-]+\.){2,}example|[a-z0-9\-]+\.example(?=[/?#:]))[^\s<>]*",
    re.IGNORECASE,
)
_LIVE_PING = re.compile(r"<[@#!][A-Za-z]\w+|(?<!\w)@(?:channel|here|everyone)\b", re.IGNORECASE)
_IMAGE = re.compile(r"!\[")
_OWN_LINK = re.compile(r"<http://127\.0\.0\.1:\d+/(?:files|archives)/[^|<>\s]+\|([^<>]*)>")
_LYING_LINK = re.compile(r"<(?:https?|mailto):[^>|\s]*\|")


def find_links(shown: str) -> list[str]:
    """Return what any chat might make a link of, except in code."""
    bare = _CODE.sub(" ", _FENCED.sub("\n", shown))
    return [
        (match["target"] or match["angled"] or match[0]).rstrip(".,;:!?'*_~)")
        for match in _LIVE_LINK.finditer(bare)
    ]


def find_pings(shown: str) -> list[str]:
    """Return what might call people; in code too, for Slack doesn't say that it is inert there."""
    return _LIVE_PING.findall(shown)


def texts_of(message: Message) -> Iterator[str]:
    """Yield every text of a message that Slack may interpret, its fallback text included.

    In small print we link to files and messages of the workspace ourselves; of such a link only
    its label is left.
    """
    yield message.text
    for block in message.blocks:
        yield from _texts_in(block)


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value.get("type") == "context":
        for element in value["elements"]:
            yield _OWN_LINK.sub(r"\1", element["text"])
    elif isinstance(value, dict):
        if value.get("type") in {"markdown", "mrkdwn"} and isinstance(value.get("text"), str):
            yield value["text"]
        for inner in value.values():
            yield from _texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts_in(inner)


def find_strays(message: Message, given: str = "") -> list[str]:
    """Return what in a message pings, lies, loads or leads anywhere.

    Only the addresses in `given`, the words of people and documents, may be links.
    """
    return [
        stray
        for text in texts_of(message)
        for stray in (
            *find_pings(text),
            *_LYING_LINK.findall(text),
            *_IMAGE.findall(text),
            *(link for link in find_links(html.unescape(text)) if link not in given),
        )
    ]


def check_calls(chat: Chat) -> None:
    """See that Slack is never asked to unfurl or to link what the bot posts."""
    for call in chat.slack.calls_of("chat.postMessage"):
        assert call.arguments["unfurl_links"] is False
        assert call.arguments["unfurl_media"] is False
    for call in chat.slack.calls:
        assert not any(call.arguments.get(name) for name in ("link_names", "parse"))


def check_messages(chat: Chat, given: str = "") -> None:
    """See that nothing the bot has posted strays, and how it was posted."""
    posted = [one for one in chat.slack.workspace.messages.values() if one.user == BOT]
    assert [stray for message in posted for stray in find_strays(message, given)] == []
    check_calls(chat)
