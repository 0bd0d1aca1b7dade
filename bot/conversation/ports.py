"""What the core needs of the outside, in its own words; adapters elsewhere provide it."""

from collections.abc import AsyncGenerator, Collection, Sequence
from typing import Protocol

from bot.conversation.messages import (
    Chunk,
    Document,
    Found,
    Message,
    Participation,
    Passage,
    Prompt,
    SharedFile,
    ThreadKey,
    UnreadFile,
)


class Model(Protocol):
    """A language model that thinks before it answers."""

    def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """Yield the trace and the answer as they come, then exactly one `Completion`.

        The joined `AnswerChunk`s equal the completion's answer up to surrounding white space.
        Closing the iterator closes the connection. Raises `ModelError`; what was yielded before
        an error stays valid.
        """
        ...


class History(Protocol):
    """What was said in each thread."""

    async def survey(self, thread: ThreadKey, *, before: str) -> Participation:
        """Say who, as far as we know, took part before the message of `ts` `before`."""
        ...

    async def load(self, thread: ThreadKey, *, before: str, limit: int) -> list[Message]:
        """Return the newest `limit` messages that go before the one of `ts` `before`, in order."""
        ...

    async def record(
        self, thread: ThreadKey, said: Sequence[Message], *, anew: bool = True
    ) -> None:
        """Write messages down; one that is there (same `ts`) is replaced only if `anew`."""
        ...

    async def mark_read(self, thread: ThreadKey) -> None:
        """Remember that the thread's earlier messages need not be read again."""
        ...

    async def revise(self, thread: ThreadKey, ts: str, text: str) -> None:
        """Replace the text of a message, if it was recorded."""
        ...

    async def forget(self, thread: ThreadKey, ts: str) -> None:
        """Delete one message, and let go of the documents that came with it."""
        ...

    async def leave(self, thread: ThreadKey) -> None:
        """Remember that we were asked to leave the thread."""
        ...

    async def rejoin(self, thread: ThreadKey) -> None:
        """Remember that we were called into the thread again."""
        ...


class Documents(Protocol):
    """The files shared in each thread, as text."""

    async def read(
        self, thread: ThreadKey, files: Sequence[SharedFile], *, attach: bool = True
    ) -> list[Document | UnreadFile]:
        """Fetch and extract the files, or find them stored; in order.

        They are the thread's from now on if they are to be attached to it.

        One result per file, but for those that hold others: archives, mail with attachments. They
        are followed, or replaced, by what is inside.
        """
        ...

    async def of_thread(self, thread: ThreadKey) -> list[Document]:
        """Return the thread's documents, in the order they were shared."""
        ...

    async def load(
        self, team: str, document: Document, pages: Collection[int] | None = None
    ) -> list[Passage]:
        """Return the passages of these pages, or of all, in order."""
        ...

    async def search(
        self, team: str, documents: Sequence[Document], question: str, *, limit: int
    ) -> list[Found]:
        """Return the passages that hold the question's rarest words, best first."""
        ...

    async def find_notes(
        self, team: str, document: Document, keys: Collection[str]
    ) -> dict[str, str]:
        """Return those of the notes made on a document that are there, by their keys."""
        ...

    async def keep_notes(self, team: str, document: Document, key: str, notes: str) -> None:
        """Keep notes that the model made on a part of a document, for as long as the document."""
        ...
