"""A model that reads its prompt and answers from it, and a manual for it to read."""

import asyncio
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from typing_extensions import override

from bot.demo.server import StandIn
from tests.chatting import Chat, chatting, say
from tests.documents.samples import make_pdf
from tests.model.server import ModelServer, Reply, Request, failure

Kind = Literal["notes", "merge", "summary", "comparison", "question"]
Habit = Literal["missing page", "wrong page", "invented note", "prose", "chatter"]

NOWHERE = "It is not in the document."

_FRAME = re.compile(
    r'<(?P<kind>document|notes|changes) boundary=(?P<boundary>\w+) (?:name|from)="(?P<name>[^"]*)"'
    r"[^>\n]*>\n(?P<body>.*?)\n</(?P=kind) boundary=(?P=boundary)>",
    re.DOTALL,
)
_NOTE = re.compile(r'- (?P<claim>.*?) (?P<mark>\[[^\[\]]*\])(?: "[^"]*")?')
_TASKS: tuple[tuple[Kind, str], ...] = (
    ("notes", "Make notes on this part"),
    ("merge", "Merge them into"),
    ("comparison", "Say what changed from"),
    ("summary", "Summarize the document"),
    ("summary", "Summarize each of"),
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=。)")
_WORD = re.compile(r"[^\W_]{3,}|\d+")
_UNSPACED = re.compile(r"[\u3040-\u9fff]{2,}")
_ENOUGH = 0.5
"""What the words must weigh that an answer shares with its question: more than common ones do."""

_SMALL_WORDS = frozenset({
    "and", "are", "does", "for", "has", "have", "how", "its", "many", "much", "the", "what", "when",
    "where", "who",
})  # fmt: skip


def reading(
    folder: Path, model: "ReadingModel", *, slack: StandIn | None = None, **settings: str
) -> AbstractAsyncContextManager[Chat]:
    """Run the bot so that more than 2,000 tokens are read in parts, or searched."""
    small = {"ALOUD_PART_TOKENS": "1000", **settings}
    return chatting(folder, (), slack=slack, model=model, **small)


@dataclass(frozen=True, slots=True)
class Page:
    """A page as the prompt shows it: its mark, without `continued`, and the quoted text."""

    mark: str
    text: str

    @property
    def sentences(self) -> list[str]:
        lines = [line for line in self.text.split("\n") if not line.startswith("#")]
        return [one for one in _SENTENCE_END.split(" ".join(" ".join(lines).split())) if one]


@dataclass(frozen=True)
class Asked:
    """A request, read.

    Attributes:
        text: The last message.
        reasons: Whether reasoning was asked for.
    """

    text: str
    reasons: bool

    @cached_property
    def frames(self) -> list[re.Match[str]]:
        return list(_FRAME.finditer(self.text))

    @cached_property
    def task(self) -> str:
        """What stands behind the quoted material."""
        return self.text[self.frames[-1].end() :] if self.frames else self.text

    @property
    def question(self) -> str:
        """The person's last words."""
        return self.task.strip().rpartition("\n\n")[2].partition("\n(shared ")[0]

    @cached_property
    def kind(self) -> Kind:
        return next((kind for kind, words in _TASKS if words in self.task), "question")

    @cached_property
    def documents(self) -> dict[str, list[Page]]:
        """The pages that are quoted, by the name of their document."""
        return {
            one["name"]: list(_read_pages(one["body"]))
            for one in self.frames
            if one["kind"] == "document"
        }

    @property
    def pages(self) -> list[Page]:
        return [page for pages in self.documents.values() for page in pages]

    @property
    def marks(self) -> list[str]:
        """The marks of the pages that are quoted, in order, each once."""
        return list(dict.fromkeys(page.mark for page in self.pages))

    @cached_property
    def notes(self) -> dict[str, list[str]]:
        """The notes that are quoted, by the name of their document."""
        return {
            one["name"]: [line.removeprefix("| ") for line in one["body"].split("\n")]
            for one in self.frames
            if one["kind"] == "notes"
        }

    @cached_property
    def changes(self) -> list[str]:
        """The lines of the quoted changes, with their marks."""
        bodies = [one["body"] for one in self.frames if one["kind"] == "changes"]
        return [line for body in bodies for line in body.split("\n")]

    @property
    def part(self) -> int:
        """Which part of a document notes are to be made on."""
        found = re.search(r"are part (\d+) of", self.task)
        return int(found[1]) if found else 0


class ReadingModel(ModelServer):
    """Does what its prompt asks for, from what the prompt quotes and nothing else.

    Notes have the first sentence of each page, merged notes every second note, a summary what was
    noted, an answer the sentence that shares the rarest words with the question. Of invented notes
    there is one in each part.
    """

    def __init__(self) -> None:
        super().__init__()
        self.habits: defaultdict[Kind, set[Habit]] = defaultdict(set)
        """What it does wrong, by what it is asked for."""
        self.failing_parts: set[int] = set()
        """Notes on these parts fail with a status of 500."""
        self.declined_parts: set[int] = set()
        """Notes on these parts are refused for what stands in them."""
        self.most_characters: int | None = None
        """A longer request is over the model's context."""
        self.holds: Callable[[Asked], bool] = lambda _: False
        """Says which requests wait until `let_go` is set."""
        self.let_go = asyncio.Event()
        self.most_running: Counter[Kind] = Counter()
        """How many requests of each kind ran at the same time, at most."""

    @property
    def heard(self) -> list[Asked]:
        """All requests so far, in the order in which they came."""
        return [_read(request) for request in self.requests]

    def asked_for(self, kind: Kind) -> list[Asked]:
        return [one for one in self.heard if one.kind == kind]

    async def holding(self, times: int, kind: Kind) -> None:
        """Wait until so many requests of a kind are running."""
        async with asyncio.timeout(15), self.changed:
            await self.changed.wait_for(lambda: self.running_of(kind) >= times)

    async def asked_times(self, times: int, kind: Kind) -> None:
        """Wait until so many requests of a kind have come."""
        async with asyncio.timeout(15), self.changed:
            await self.changed.wait_for(lambda: len(self.asked_for(kind)) >= times)

    def running_of(self, kind: Kind) -> int:
        return sum(_read(request).kind == kind for request in self.running)

    @override
    def reply_to(self, request: Request) -> Reply:
        asked = _read(request)
        self.most_running[asked.kind] = max(
            self.most_running[asked.kind], self.running_of(asked.kind)
        )
        if asked.kind == "notes" and asked.part in self.failing_parts:
            return failure(500, {"error": {"message": "out of order"}})
        if asked.kind == "notes" and asked.part in self.declined_parts:
            return failure(403, {"error": {"message": "Your input was flagged by moderation."}})
        if self.most_characters is not None and len(asked.text) > self.most_characters:
            told = "This model's maximum context length is 4096 tokens. Please reduce the length."
            return failure(400, {"error": {"message": told}})
        reply = say(self._write(asked), "Let me see." if asked.reasons else "", pieces=20)
        if self.holds(asked):
            return replace(reply, pause_at=0, go_on=self.let_go)
        return reply

    def _write(self, asked: Asked) -> str:
        lines = list(self._list_lines(asked))
        if "chatter" in self.habits[asked.kind]:
            lines = ["Sure! Here is what I found:", *lines, "Let me know if you need more."]
        return "\n".join(lines)

    def _list_lines(self, asked: Asked) -> Iterable[str]:
        match asked.kind:
            case "notes":
                return self._note(asked.pages)
            case "merge":
                return [line for notes in asked.notes.values() for line in notes][::2]
            case "comparison":
                changes = [f"- {line.removeprefix('| ')}" for line in asked.changes]
                return changes or ["Nothing changed."]
            case "summary":
                return self._summarize(asked)
            case "question":
                return [self._find_answer(asked)]

    def _note(self, pages: Sequence[Page]) -> Iterator[str]:
        marks = list(dict.fromkeys(page.mark for page in pages))
        for number, mark in enumerate(marks):
            sentence = next(page for page in pages if page.mark == mark).sentences[0]
            quote = " ".join(sentence.split()[:8])
            if "invented note" in self.habits["notes"] and number == 0:
                sentence, quote = "The crew drains 90,210 litres.", "valves hold 90,210 litres"
            if "prose" in self.habits["notes"]:
                yield sentence
            else:
                yield f'- {sentence} {self._cite(mark, "notes")} "{quote}"'

    def _summarize(self, asked: Asked) -> Iterator[str]:
        told = {
            name: [(page.sentences[0], page.mark) for page in pages]
            for name, pages in asked.documents.items()
        }
        for name, notes in asked.notes.items():
            found = [(_NOTE.fullmatch(note), note) for note in notes]
            told[name] = [(one["claim"], one["mark"]) if one else (note, "") for one, note in found]
        for name, statements in told.items():
            if len(told) > 1:
                yield f"## {name}"
            for claim, mark in statements:
                yield f"- {claim} {self._cite(mark, 'summary')}".rstrip()

    def _find_answer(self, asked: Asked) -> str:
        said = [(sentence, page.mark) for page in asked.pages for sentence in page.sentences]
        holders = Counter(word for sentence, _ in said for word in _list_words(sentence))
        wanted = _list_words(asked.question)

        def rate(sentence: str) -> float:
            shared = _list_words(sentence) & wanted
            return sum(math.log(len(said) / holders[word]) for word in shared)

        sentence, mark = max(said, key=lambda one: rate(one[0]), default=("", ""))
        if rate(sentence) < _ENOUGH:
            return NOWHERE
        return f"{sentence} {self._cite(mark, 'question')}"

    def _cite(self, mark: str, kind: Kind) -> str:
        if mark and "missing page" in self.habits[kind]:
            return "[p. 999]"
        if "wrong page" in self.habits[kind]:
            return re.sub(r"\d+", lambda found: str(_go_astray(int(found[0]))), mark)
        return mark


def _go_astray(page: int) -> int:
    """Name a page that is not even next to the right one."""
    return page - 4 if page > 4 else page + 4


def _read(request: Request) -> Asked:
    text = request.body["messages"][-1]["content"]
    # The wire adds the flag; a question has no such word.
    return Asked(text.removesuffix("/no_think").removesuffix("/think"), text.endswith("\n/think"))


def _read_pages(body: str) -> Iterator[Page]:
    mark, lines = "", list[str]()
    for line in [*body.split("\n"), "[end]"]:
        if line.startswith("|"):
            lines.append(line[2:])
            continue
        if mark and mark != "[before this part]":
            yield Page(mark.replace(", continued]", "]"), "\n".join(lines))
        mark, lines = line, []


def _list_words(text: str) -> set[str]:
    text = text.casefold()
    pairs = {run[at : at + 2] for run in _UNSPACED.findall(text) for at in range(len(run) - 1)}
    return {*_WORD.findall(_UNSPACED.sub(" ", text)), *pairs} - _SMALL_WORDS


_SYLLABLES = [
    "bar", "dol", "fen", "gul", "hok", "jin", "kam", "lor", "mip", "nud", "pes",
    "rov", "sut", "tay", "vex", "wim", "zan", "quo", "yel", "cra",
]  # fmt: skip


def name_machine(page: int) -> str:
    """Name the machine that a page of the manual is about; no two have the same name."""
    first, second = divmod(page * 7, len(_SYLLABLES))
    return (
        f"{_SYLLABLES[second]}{_SYLLABLES[first % len(_SYLLABLES)]}{'aeiou'[page % 5]}tor".title()
    )


def write_page(page: int, *, sentences: int = 12) -> str:
    """Write a page of the manual, about 25 tokens a sentence; its first sentence is its own."""
    name = name_machine(page)
    return "\n".join([
        f"The {name} takes {1000 + 37 * page} litres of coolant every {page + 11} days.",
        *(
            f"Before step {step} of the upkeep the crew rinses the lower valves and notes it down."
            for step in range(1, sentences)
        ),
    ])  # fmt: skip


def make_manual(pages: int, *, sentences: int = 12) -> bytes:
    """Make a manual of so many pages, of about 25 tokens a sentence."""
    return make_pdf([write_page(page, sentences=sentences) for page in range(1, pages + 1)])
