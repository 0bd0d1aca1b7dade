"""The words the whole program speaks: threads, messages, documents, prompts, completions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal


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
        state: `stored` with the platform; `unresolved`, only its id is known; `external`, kept
            elsewhere; `deleted`; `hidden` by the workspace's plan.
    """

    id: str
    name: str
    media_type: str = ""
    size: int = 0
    url: str = ""
    state: Literal["stored", "unresolved", "external", "deleted", "hidden"] = "stored"


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
    """

    people: frozenset[str]
    answered: bool
    read: bool


PageUnit = Literal["page", "slide", "sheet", "section", "part"]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a document.

    Attributes:
        number: Counted from 1.
        text: Plain text or Markdown; "" for a page without a text layer.
        label: The page's own name where its kind has one (a sheet's or chapter's title), else "".
    """

    number: int
    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read.

    Attributes:
        file_id: The platform's id of the file it came from.
        name: The file's name.
        kind: Plain word for the format: "PDF", "Word document", "spreadsheet", …
        unit: What its pages are called.
        pages: What was read, in order.
        total_pages: How many the file has; more than `len(pages)` when reading stopped at a limit.
        notes: Plain sentences on what could not be read, for the reader of the summary.
    """

    file_id: str
    name: str
    kind: str
    unit: PageUnit
    pages: tuple[Page, ...]
    total_pages: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """A shared file that could not be read, and the sentence that says so."""

    file_id: str
    name: str
    reason: str


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
    """

    messages: Sequence[PromptMessage]
    reasoning: bool
    answer_tokens: int


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
