"""What a person did with us lately."""

from dataclasses import dataclass

from bot.conversation.messages import ThreadKey


@dataclass(frozen=True, slots=True)
class RecentThread:
    """A thread that a person wrote in.

    Attributes:
        thread: Which.
        words: What the person said first in it, in plain Markdown, or the names of the files; cut.
        last_ts: The person's newest message in it.
        permalink: Where it opens, "" if that is not known.
    """

    thread: ThreadKey
    words: str
    last_ts: str
    permalink: str = ""


@dataclass(frozen=True, slots=True)
class RecentDocument:
    """A file that a person shared and that was read.

    Attributes:
        file_id: The platform's.
        name: The file's; hostile text.
        thread: Where it was last shared.
        ts: The message that shared it there.
        permalink: Where it opens, "" if that is not known.
    """

    file_id: str
    name: str
    thread: ThreadKey
    ts: str
    permalink: str = ""


@dataclass(frozen=True, slots=True)
class Recent:
    """Threads and documents, newest first, each once."""

    threads: tuple[RecentThread, ...] = ()
    documents: tuple[RecentDocument, ...] = ()
