"""Prompts as the bot writes them, with the bot's own code."""

from collections.abc import Sequence

from bot.conversation.messages import Document, Message, PageUnit, Passage, SharedFile, UserMessage
from bot.conversation.prompt import Quoted, build_prompt
from bot.conversation.summary_prompts import NOTES_SYSTEM
from bot.demo.asked import Role
from bot.documents.excerpt import Excerpt, quote, quote_notes

Turns = list[tuple[Role, str]]


def document(name: str, unit: PageUnit = "page") -> Document:
    return Document(
        file_id=f"F-{name}",
        name=name,
        kind="PDF",
        unit=unit,
        total_pages=9,
        read_pages=9,
        tokens=0,
        digest=name,
    )


def quote_pages(name: str, pages: Sequence[str], *, named: bool = False) -> str:
    passages = tuple(Passage(at, text) for at, text in enumerate(pages, start=1))
    return quote([Excerpt(document(name), passages)], boundary="7f3a", named=named)


def quote_sheet(name: str, label: str, pieces: Sequence[str]) -> str:
    passages = tuple(Passage(1, text, label, at) for at, text in enumerate(pieces))
    return quote([Excerpt(document(name, "sheet"), passages)], boundary="7f3a", named=False)


def quote_long(name: str, notes: str) -> str:
    return quote_notes(document(name), notes, boundary="7f3a")


def answering(
    quoted: str, said: str, *, earlier: Sequence[Message] = (), files: Sequence[str] = ()
) -> Turns:
    """Return the prompt of an answer, with a remark on what was read."""
    shared = tuple(SharedFile(name, name) for name in files)
    question = UserMessage("9.0", "U1", "Alice Martin", said, shared)
    remarks = ("q3.pdf: Read pages 1-2 of 2.",) if quoted else ()
    prompt = build_prompt(
        question,
        earlier,
        Quoted(quoted, remarks),
        reasoning=True,
        room=100_000,
        answer_tokens=1_000,
    )
    return [(message.role, message.text) for message in prompt.messages]


def noting(quoted: str, request: str) -> Turns:
    """Return the prompt of a call that makes or merges notes."""
    return [("system", NOTES_SYSTEM), ("user", f"{quoted}\n\n{request}")]
