"""What a prompt asks for: its task, the person's words, and what there is to go by."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.demo.quoted import Source, find_sources

Role = Literal["system", "user", "assistant"]
Task = Literal["question", "summary", "comparison", "notes", "merge", "catch_up", "title"]
Style = Literal["", "shorter", "longer"]

_FLAG = re.compile(r"/(?:no_)?think")
_SHARED = re.compile(r"\n?\s*\(shared [^\n]*\)\s*$")
_SPEAKER = re.compile(r"\A[A-Z][\w.' -]{0,40}: ")
_TITLED = re.compile(
    r"^\| Person: (?P<words>[^\n]*)\n.*\bWrite the title of this conversation\.\Z",
    re.DOTALL | re.MULTILINE,
)
_STYLES: dict[str, Style] = {
    "the answer was too long": "shorter",
    "the answer was too short": "longer",
}
_UNSAID = "(You were mentioned without a question."
_TASKS: tuple[tuple[Task, re.Pattern[str]], ...] = (
    ("notes", re.compile(r"\bMake notes on this part, at most (?P<lines>\d+) lines\b")),
    ("merge", re.compile(r"\bMerge them into at most (?P<lines>\d+) lines\b")),
    ("comparison", re.compile(r"\bSay what changed from the old version to the new one\.")),
    (
        "summary",
        re.compile(r"\bSummarize (?:the document for the team:|each of the \d+ documents under)"),
    ),
)
_WORDS_FOR_NOTES = re.compile(
    r"for somebody who asked for this:\n(?P<words>.*?)\n\n(?:Note first|Keep) what serves",
    re.DOTALL,
)
_WORDS_FOR_SUMMARY = re.compile(r"\blanguage of these words\.\n(?P<words>.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt that is understood.

    Attributes:
        task: What is to be done.
        words: What the person wrote; nothing of what was put around it.
        sources: What is quoted.
        earlier: The messages before the last.
        lines: How many notes are wanted; 0 where they aren't.
        style: How the answer shall differ from an earlier one to the same question.
    """

    task: Task
    words: str
    sources: tuple[Source, ...]
    earlier: tuple[str, ...] = ()
    lines: int = 0
    style: Style = ""


def read_prompt(messages: Sequence[tuple[Role, str]]) -> Asked:
    """Take a prompt apart, as this program writes them; what is quoted stands in the last message.

    All the words of instructions are left out: what is found in them would be found in any prompt.
    """
    spoken = [_FLAG.sub("", text) for role, text in messages if role != "system"]
    sources, rest = find_sources(spoken.pop()) if spoken else ([], "")
    earlier = tuple(text for text in spoken if text.strip())
    text = _SHARED.sub("", rest)
    if titled := _TITLED.search(text):
        return Asked("title", titled["words"].strip(), ())
    for task, pattern in _TASKS:
        if sources and (request := pattern.search(text)):
            where = _WORDS_FOR_NOTES if task in {"notes", "merge"} else _WORDS_FOR_SUMMARY
            found = where.search(text, request.end())
            return Asked(
                task,
                found["words"].strip() if found else "",
                tuple(sources),
                earlier,
                int(request.groupdict().get("lines", 0)),
            )
    words = text.strip().rpartition("\n\n")[2] if sources else text.strip()
    words = _SPEAKER.sub("", words)
    is_conversation = any(source.kind == "conversation" for source in sources)
    return Asked(
        "catch_up" if is_conversation else "question",
        "" if words.startswith(_UNSAID) else words,
        tuple(sources),
        earlier,
        style=_find_style(text for _, text in messages),
    )


def _find_style(texts: Iterable[str]) -> Style:
    for text in texts:
        for sign, style in _STYLES.items():
            if sign in text:
                return style
    return ""


def wants_reasoning(messages: Sequence[tuple[Role, str]]) -> bool:
    """Follow the flags as the model's chat template does: the last message with one decides.

    Within a message `/think` beats `/no_think` (NVIDIA Nemotron Nano 9B v2 model card, template).
    """
    for role, text in reversed(messages):
        if role == "assistant":
            continue
        flags = set(_FLAG.findall(text))
        if flags:
            return "/think" in flags
    return True
