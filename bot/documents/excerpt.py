"""Which passages go into a prompt, and how they are quoted. Pure."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.conversation.messages import Document, Found, Passage
from bot.conversation.names import clean_name
from bot.documents.marks import write_mark

MARK_TOKENS: Final = 14
"""What the mark that opens a page costs in a prompt, generously."""

FRAME_TOKENS: Final = 60
"""What the two lines around a document cost."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Passages of one document, in its order."""

    document: Document
    passages: tuple[Passage, ...]

    @property
    def tokens(self) -> int:
        """What quoting it costs, estimated."""
        return FRAME_TOKENS + sum(map(cost, self.passages))

    @property
    def pages(self) -> tuple[int, ...]:
        """The numbers of the pages that it is from."""
        return tuple(dict.fromkeys(passage.page for passage in self.passages))


def cost(passage: Passage) -> int:
    """What quoting a passage costs in tokens, with its mark."""
    return passage.tokens + MARK_TOKENS


def share_room(needs: Sequence[int], room: int) -> list[int]:
    """Share out room: everybody the same, and what one doesn't need goes to the others."""
    shares = [0] * len(needs)
    left = room
    for position, at in enumerate(sorted(range(len(needs)), key=lambda at: needs[at])):
        shares[at] = min(needs[at], max(0, left) // (len(needs) - position))
        left -= shares[at]
    return shares


def sample_sheets(excerpt: Excerpt, room: int) -> Excerpt:
    """Take every sheet's profile, then every sheet's first rows, then more, as the room goes."""
    return _pick(excerpt, sorted(excerpt.passages, key=lambda one: (one.piece, one.page)), room)


def take_best(
    excerpts: Sequence[Excerpt], wanted: Iterable[tuple[Document, Passage]], room: int
) -> list[Excerpt]:
    """Take from the excerpts what is wanted most, as far as the room goes.

    Args:
        excerpts: The documents, with all the passages that there are to choose from.
        wanted: Passages of these documents, the most wanted first; some may come twice.
        room: In tokens, for all of them.
    """
    left = room
    taken: dict[str, set[tuple[int, int]]] = {}
    for document, passage in wanted:
        have = taken.get(document.file_id)
        if have is not None and (passage.page, passage.piece) in have:
            continue
        price = cost(passage) + (FRAME_TOKENS if have is None else 0)
        if price <= left:
            left -= price
            taken.setdefault(document.file_id, set()).add((passage.page, passage.piece))
    return [
        replace(
            excerpt,
            passages=tuple(
                passage
                for passage in excerpt.passages
                if (passage.page, passage.piece) in taken[excerpt.document.file_id]
            ),
        )
        for excerpt in excerpts
        if excerpt.document.file_id in taken
    ]


def rank(
    named: Iterable[tuple[Document, Passage]],
    openings: Sequence[tuple[Document, Passage]],
    found: Sequence[Found],
    around: Mapping[str, Sequence[Passage]],
    room: int,
) -> Iterator[tuple[Document, Passage]]:
    """Order passages by how much a question wants them.

    First the pages that it names; then how each document begins, if that takes no more than half
    the room; then what was found, each time with the passages around it.
    """
    yield from named
    if 2 * sum(cost(passage) for _, passage in openings) <= room:
        yield from openings
    for one in found:
        yield one.document, one.passage
        passages = around.get(one.document.file_id, ())
        at = next(
            (
                at
                for at, passage in enumerate(passages)
                if (passage.page, passage.piece) == (one.passage.page, one.passage.piece)
            ),
            None,
        )
        if at is not None:
            yield from ((one.document, near) for near in passages[max(0, at - 1) : at + 2])


def quote(excerpts: Sequence[Excerpt], *, boundary: str, named: bool) -> str:
    """Quote excerpts for a prompt: every line set off by a bar, every page opened by its mark.

    Args:
        excerpts: In the order in which they are to be quoted.
        boundary: Marks where each document begins and ends; random, so that no document can
            write its own end.
        named: Marks carry the document's name, since there are several.
    """
    blocks = []
    for excerpt in excerpts:
        name = excerpt.document.name if named else ""
        lines = _quote_passages(excerpt.document, excerpt.passages, name)
        blocks.append(_frame("document", excerpt.document, "\n".join(lines), boundary))
    return "\n\n".join(blocks)


def quote_part(
    document: Document, lead: str, passages: Sequence[Passage], *, boundary: str, named: bool
) -> str:
    """Quote a part of a long document, after a few lines of what goes before it."""
    name = document.name if named else ""
    lines = list(_quote_passages(document, passages, name))
    if lead:
        lines[:0] = ["[before this part]", prefix(lead)]
    return _frame("document", document, "\n".join(lines), boundary)


def quote_notes(document: Document, notes: str, *, boundary: str) -> str:
    """Quote the notes that were made on a long document."""
    return _frame("notes", document, prefix(notes), boundary)


def quote_conversation(name: str, text: str, *, boundary: str) -> str:
    """Quote what people said elsewhere."""
    return _enclose("conversation", f'name="{clean_name(name)}"', prefix(text), boundary)


def prefix(text: str) -> str:
    """Set off every line by a bar, as all that is quoted."""
    return "\n".join(f"| {line}".rstrip() for line in text.splitlines())


def draw_boundary() -> str:
    """Draw a boundary that no document can know."""
    return secrets.token_hex(4)


def _pick(excerpt: Excerpt, wanted: Sequence[Passage], room: int) -> Excerpt:
    left = room - FRAME_TOKENS
    taken = set()
    for passage in wanted:
        if cost(passage) <= left:
            left -= cost(passage)
            taken.add((passage.page, passage.piece))
    return replace(
        excerpt,
        passages=tuple(one for one in excerpt.passages if (one.page, one.piece) in taken),
    )


def _quote_passages(document: Document, passages: Iterable[Passage], name: str) -> Iterator[str]:
    """Yield the passages in quoted lines, each page opened by its mark."""
    before: Passage | None = None
    for passage in passages:
        if not passage.text.strip():
            continue
        follows = before and before.page == passage.page and before.piece == passage.piece - 1
        if not follows:
            yield write_mark(
                document.unit,
                passage.page,
                passage.label,
                document=name,
                continued=passage.piece > 0,
            )
        yield prefix(passage.text)
        before = passage


def _frame(kind: str, document: Document, text: str, boundary: str) -> str:
    name = clean_name(document.name)
    return _enclose(kind, f'name="{name}" kind="{document.kind}"', text, boundary)


def _enclose(kind: str, about: str, quoted: str, boundary: str) -> str:
    lines = (f"<{kind} boundary={boundary} {about}>", quoted, f"</{kind} boundary={boundary}>")
    return "\n".join(filter(None, lines))
