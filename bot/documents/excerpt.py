"""Which passages go into a prompt, how they are quoted, and what to say about it. Pure."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.conversation.messages import Document, Found, Passage
from bot.conversation.names import clean_name
from bot.documents.marks import write_mark
from bot.documents.readers.pages import list_numbers, list_pages

MARK_TOKENS: Final = 14
"""What the mark that opens a page costs in a prompt, generously."""

FRAME_TOKENS: Final = 60
"""What the two lines around a document cost."""

_MOST_RANGES: Final = 12


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


def say_read(document: Document, pages: Iterable[int]) -> str:
    """Say which pages were read, without the full stop: "Read pages 1-12 of 12"."""
    numbers = list(pages)
    total = f"{document.total_pages:,}"
    if not numbers:
        if document.total_pages == 1:
            return f"Its only {document.unit} did not fit"
        return f"None of its {total} {document.unit}s fit"
    return f"Read {list_pages_of(document, numbers)} of {total}"


def say_sampled(document: Document, pages: Iterable[int]) -> str:
    """Say that sheets were not read row by row, without the full stop."""
    numbers = list(pages)
    sheets = f"of {list_pages_of(document, numbers)}" if document.total_pages > 1 else ""
    return " ".join(
        f"Computed columns and totals {sheets} over the rows, and read a sample of them".split()
    )


def count_pages(document: Document) -> str:
    """Say how many pages a document has: "1 page", "1,200 pages"."""
    return f"{document.total_pages:,} {document.unit}{'s' if document.total_pages != 1 else ''}"


def say_searched(document: Document, pages: Iterable[int], *, fits: bool) -> str:
    """Say which pages of a searched document were read for a question.

    Args:
        document: As it was searched.
        pages: Those that were read.
        fits: Whether anything in the document fits the question, or may: nobody knows when others
            had so much on it that not all was looked at.
    """
    numbers = list(pages)
    if document.total_pages == 1:
        extent = f"its only {document.unit}"
    elif document.read_pages == document.total_pages:
        extent = f"all {document.total_pages:,} {document.unit}s"
    else:
        read = list_numbers(range(1, document.read_pages + 1))
        extent = f"{document.unit}s {read} of {document.total_pages:,}"
    if not numbers and fits:
        return f"Searched {extent}; there was no room to read what may be on this"
    if not numbers:
        return f"Searched {extent} and found nothing on this"
    if document.total_pages == 1:
        return f"Searched {extent} for this"
    return f"Searched {extent} and read {list_pages_of(document, numbers)} for this"


def finish(said: str, document: Document) -> str:
    """Finish a sentence on what was read with what could not be read of the document at all."""
    if document.read_pages < document.total_pages:
        said += "; the rest is over my limits"
    return " ".join((f"{said}.", *document.notes))


def draw_boundary() -> str:
    """Draw a boundary that no document can know."""
    return secrets.token_hex(4)


def list_pages_of(document: Document, numbers: Sequence[int]) -> str:
    """List pages by what they are called: "pages 3-5 and 9"; if they are many, only how many."""
    listed = list_pages(document.unit, numbers)
    if listed.count(",") < _MOST_RANGES:
        return listed
    first = list_numbers(sorted(numbers)[:1])
    last = list_numbers(sorted(numbers)[-1:])
    return f"{len(set(numbers))} {document.unit}s between {first} and {last}"


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
