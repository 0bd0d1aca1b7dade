"""The words the whole program speaks: threads, messages, documents, prompts, completions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.language import Told


@dataclass(frozen=True, slots=True, order=True)
class ThreadKey:
    """One thread: `thread_ts` is the `ts` of its root, unique only within its channel."""

    team: str
    channel: str
    thread_ts: str

    @property
    def lane(self) -> str:
        """Its name where turns queue: those of one thread run one after another."""
        return f"{self.team}:{self.channel}:{self.thread_ts}"


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file as the chat names it; its bytes are still to be fetched.

    Attributes:
        id: The platform's id, unique in the workspace.
        name: As its owner called it; hostile text, never a path.
        media_type: The MIME type the platform reports, or "".
        size: Bytes, 0 if the platform does not say.
        url: Where the bytes are, or "" when they must be asked for by id first.
        permalink: Where people open it, "" if that is not known.
        state: `stored` with the platform; `unresolved`, only its id is known; `external`, kept
            elsewhere; `deleted`; `hidden` by the workspace's plan.
    """

    id: str
    name: str
    media_type: str = ""
    size: int = 0
    url: str = ""
    state: Literal["stored", "unresolved", "external", "deleted", "hidden"] = "stored"
    permalink: str = ""


@dataclass(frozen=True, slots=True)
class UserMessage:
    """What a person or another bot (`author` starts with B) wrote, in plain Markdown."""

    ts: str
    author: str
    author_name: str
    text: str
    files: tuple[SharedFile, ...] = ()
    role: Literal["user"] = "user"


@dataclass(frozen=True, slots=True)
class AssistantMessage:
    """What we answered: the answer alone, never the reasoning before it.

    `question_ts` is the message it answers, "" if not known. In the conversation an answer follows
    its question, even if others wrote while it was being written.
    """

    ts: str
    text: str
    question_ts: str = ""
    role: Literal["assistant"] = "assistant"


Message = UserMessage | AssistantMessage


@dataclass(frozen=True, slots=True)
class Participation:
    """Who has taken part in a thread.

    Attributes:
        people: The authors of its messages that are people, not bots.
        answered: Whether we have answered in it.
        read: Whether what was said before we were called has been read.
        left: Whether we were asked to leave it, and not called back since.
    """

    people: frozenset[str]
    answered: bool
    read: bool
    left: bool = False


PageUnit = Literal["page", "slide", "sheet", "section", "part"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A page of a document, or a piece of a long one.

    Attributes:
        page: The page's number, counted from 1.
        piece: Which piece of the page, counted from 0.
        text: Plain text or Markdown, at most about 4,500 characters; "" for a page without text.
            A sheet's first piece is its profile: what was computed from all of its rows.
        label: The page's own name where its kind has one (a sheet's or section's title), else "";
            no two pages of a document have the same.
        tokens: What it costs in a prompt, estimated.
    """

    page: int
    text: str
    label: str = ""
    piece: int = 0
    tokens: int = 0


Flaw = Literal[
    "damaged",
    "blank",
    "cut",
    "recognised",
    "recognition_ended",
    "recognition_failed",
    "rows_cut",
    "rows_listed",
    "rows_profiled",
    "rows_broken",
    "noted",
]
"""What the reading of a document came up against; `Caveat` says what belongs to which."""


@dataclass(frozen=True, slots=True)
class Caveat:
    """What people have to know of how a document was read; it is put into words when it is told.

    Attributes:
        flaw: Pages that are `damaged`, `blank`, `cut` off or were `recognised` by text recognition,
            which `recognition_ended` after `count` pages or failed altogether. A sheet that was
            read up to its row `count` and no further (`rows_cut`), or whose figures are computed
            over more: over all its `total` rows (`rows_listed`) or the first `total` of them
            (`rows_profiled`). A table that breaks off after row `count`. `noted` in words already.
        pages: Which pages; none where there is but the one picture.
        text: Which sheet, "" for the only table; or the words that were noted, in English.
        count: As told above.
        total: As told above.
    """

    flaw: Flaw
    pages: tuple[int, ...] = ()
    text: str = ""
    count: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read, or a file inside of one; its passages are loaded when needed.

    Attributes:
        file_id: The platform's id of the file it came from; followed by `/` and a number for what
            was inside of that: an attachment, a file in an archive.
        name: The file's name, fit to be shown.
        kind: Plain word for the format: "PDF", "Word document", "spreadsheet", …
        unit: What its pages are called.
        total_pages: How many the file has.
        read_pages: How many of them were read, from the first on; fewer than `total_pages` when
            reading stopped at a limit.
        tokens: What all its passages cost in a prompt, estimated.
        digest: The same for the same content, read by the same rules.
        notes: What could not be read of it, or only so well.
        permalink: Where people open the file, "" if that is not known.
    """

    file_id: str
    name: str
    kind: str
    unit: PageUnit
    total_pages: int
    read_pages: int
    tokens: int
    digest: str
    notes: tuple[Caveat, ...] = ()
    permalink: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that a search came upon, and how well it fits; more is better."""

    document: Document
    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """A shared file that could not be read, and the sentence that says so."""

    file_id: str
    name: str
    reason: Told


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One message of a prompt; `text` is a plain string, as the model's template requires."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model gets: one system message first, the question last.

    Attributes:
        messages: Starts with the only `system` message and ends with a `user` message.
        reasoning: Whether the model shall write a trace before its answer.
        answer_tokens: Room for trace and answer together, in tokens.
        model: The model to ask first, "" for the usual order.
    """

    messages: Sequence[PromptMessage]
    reasoning: bool
    answer_tokens: int
    model: str = ""


@dataclass(frozen=True, slots=True)
class ReasoningChunk:
    """A streamed piece of the trace."""

    text: str


@dataclass(frozen=True, slots=True)
class AnswerChunk:
    """A streamed piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the server counted them; `completion` includes the reasoning."""

    prompt: int = 0
    completion: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        """Return what both calls took."""
        return Usage(self.prompt + other.prompt, self.completion + other.completion)


@dataclass(frozen=True, slots=True)
class Completion:
    """The last item of every stream that succeeded: the whole answer.

    Attributes:
        answer: Never blank, stripped of surrounding white space.
        reasoning: The trace, "" if there was none.
        truncated: The answer ended at the token limit.
        model: The model that answered, as we asked for it.
        usage: Zeros if the server sent none.
    """

    answer: str
    reasoning: str
    truncated: bool
    model: str
    usage: Usage = field(default_factory=Usage)


Chunk = ReasoningChunk | AnswerChunk | Completion
