"""What of the documents goes into a prompt, how it is quoted, and what to say about it. Pure."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.conversation.messages import Document, Page, PageUnit
from bot.documents.names import clean_name
from bot.documents.readers.pages import list_pages

PASSAGE_CHARACTERS = 3_000
"""Pages much longer than this, such as big sheets, are chosen from in passages of this length."""

_WORD = re.compile(r"\w+")
_IDEOGRAPH = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_NAMED_PAGES = re.compile(
    r"\b(?:pages?|pp?\.|slides?|sheets?|parts?|sections?)\s*(\d{1,5})"
    r"(?:\s*(?:-|–|to)\s*(\d{1,5}))?",  # noqa: RUF001  # people write the dash, too
    re.IGNORECASE,
)
_STEM = 6
_ASKING = frozenset({
    "about", "an", "and", "are", "can", "could", "did", "do", "document", "docume", "does", "file",
    "for", "from", "how", "in", "is", "it", "me", "of", "on", "or", "page", "please", "say", "tell",
    "that", "the", "there", "this", "to", "was", "were", "what", "when", "where", "which", "who",
    "whom", "why", "with", "you",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coverage:
    """What of one document was read.

    Attributes:
        name: The document's name, fit to be shown.
        sentence: Such as "Read page 1 of 900; the rest did not fit.", and what else to know.
        complete: Everything that is text in the document was read.
    """

    name: str
    sentence: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """Quoted text for a prompt, and for each document what it covers."""

    text: str
    coverage: tuple[Coverage, ...]


@dataclass(frozen=True, slots=True)
class _Passage:
    """A page, or a piece of a long one."""

    document: int
    page: Page
    piece: int
    pieces: int
    text: str
    cost: int


def select(
    documents: Sequence[Document],
    budget_tokens: int,
    estimate: Callable[[str], int],
    question: str | None = None,
    *,
    boundary: str,
) -> Selection:
    """Choose and quote what fits.

    Everything, if it fits. Otherwise for a summary (no question) the leading pages, each document
    getting its fair share; for a question the pages that it names, the first ones if they take no
    more than half the room, those that share its rarest words, then the leading ones.

    Takes some tenths of a second for three million characters: call it in a thread.

    Args:
        documents: In the order in which they are to be quoted.
        budget_tokens: What the text may cost, by `estimate`.
        estimate: Tokens of a text.
        question: What is asked, None for a summary.
        boundary: Marks where each document begins and ends; random, so that no document can
            write its own end.
    """
    passages = [
        passage
        for index, document in enumerate(documents)
        for passage in _split(index, document, estimate)
    ]
    frames = [estimate("\n".join(_frame(document, boundary))) for document in documents]
    budget = budget_tokens - sum(frames)
    if sum(passage.cost for passage in passages) <= budget:
        chosen = passages
    elif question is None:
        chosen = _take_leading(passages, len(documents), budget)
    else:
        chosen = _take_best(passages, question, budget)
    blocks = []
    coverage = []
    for index, document in enumerate(documents):
        own = [passage for passage in chosen if passage.document == index]
        coverage.append(_cover(document, own))
        if own:
            opening, closing = _frame(document, boundary)
            blocks.append("\n".join((opening, *_quote(document.unit, own), closing)))
    return Selection("\n\n".join(blocks), tuple(coverage))


def _split(index: int, document: Document, estimate: Callable[[str], int]) -> Iterator[_Passage]:
    for page in document.pages:
        if not page.text.strip():
            continue
        pieces = list(_cut(page.text))
        for number, text in enumerate(pieces):
            # Marked and headed, as it is when it stands alone.
            opening = (_mark(document.unit, page, number), *_heading(document.unit, page, number))
            cost = estimate("\n".join((*opening, _prefix(text)))) + 1
            yield _Passage(index, page, number, len(pieces), text, cost)


def _cut(text: str) -> Iterator[str]:
    """Cut a long page into passages, at the ends of lines where there are any."""
    start = 0
    while len(text) - start > PASSAGE_CHARACTERS * 1.5:
        end = text.rfind("\n", start, start + PASSAGE_CHARACTERS)
        end = end if end > start else start + PASSAGE_CHARACTERS
        yield text[start:end]
        start = end + (text[end] == "\n")
    yield text[start:]


def _take_leading(passages: Sequence[_Passage], documents: int, budget: int) -> list[_Passage]:
    """Take what comes first; what a short document leaves of its share goes to longer ones."""
    needs = Counter(dict.fromkeys(range(documents), 0))
    for passage in passages:
        needs[passage.document] += passage.cost
    left = budget
    shares = {}
    for position, (index, need) in enumerate(sorted(needs.items(), key=lambda item: item[1])):
        shares[index] = min(need, left // (documents - position))
        left -= shares[index]
    chosen = []
    for passage in passages:
        shares[passage.document] -= passage.cost
        # Once below zero it stays there: nothing is taken after a gap.
        if shares[passage.document] >= 0:
            chosen.append(passage)
    return chosen


def _take_best(passages: Sequence[_Passage], question: str, budget: int) -> list[_Passage]:
    named = _named_pages(question)
    asked = _words(question)
    scores = _score(passages, question)
    openings = {
        at
        for at, passage in enumerate(passages)
        if at == 0 or passages[at - 1].document != passage.document
    }
    if 2 * sum(passages[at].cost for at in openings) > budget:
        openings = set()

    def is_named(page: Page) -> bool:
        label = _words(page.label)
        return page.number in named or (bool(label.strip()) and label in asked)

    def rank(at: int) -> tuple[bool, bool, float, int]:
        return not is_named(passages[at].page), at not in openings, -scores[at], at

    left = budget
    taken = []
    for at in sorted(range(len(passages)), key=rank):
        if passages[at].cost <= left:
            left -= passages[at].cost
            taken.append(at)
    return [passages[at] for at in sorted(taken)]


def _named_pages(question: str) -> set[int]:
    named: set[int] = set()
    for first, last in _NAMED_PAGES.findall(question):
        named.update(range(int(first), int(last or first) + 1))
    return named


def _words(text: str) -> str:
    """Write a text as its bare words, with a space around each."""
    return f" {' '.join(_WORD.findall(text.casefold()))} "


def _score(passages: Sequence[_Passage], question: str) -> list[float]:
    """Rate passages by the question's words in them: BM25 with its usual constants."""
    wanted = set(_terms(question)) - _ASKING
    counts = []
    lengths = []
    for passage in passages:
        terms = list(_terms(f"{passage.page.label} {passage.text}"))
        counts.append(Counter(term for term in terms if term in wanted))
        lengths.append(len(terms))
    mean = sum(lengths) / max(1, len(lengths)) or 1.0
    holding = Counter(term for count in counts for term in count)

    def rate(count: Counter[str], length: int) -> float:
        return sum(
            math.log(1 + (len(passages) - holding[term] + 0.5) / (holding[term] + 0.5))
            * (times * 2.2)
            / (times + 1.2 * (0.25 + 0.75 * length / mean))
            for term, times in count.items()
        )

    return [rate(count, length) for count, length in zip(counts, lengths, strict=True)]


def _terms(text: str) -> Iterator[str]:
    """Yield words, long ones by their first letters too, so that endings matter less.

    Ideographs, which have no spaces between words, come in pairs.
    """
    for word in _WORD.findall(text.casefold()):
        if _IDEOGRAPH.search(word):
            yield from (word[at : at + 2] for at in range(max(1, len(word) - 1)))
        elif len(word) > 1 or word.isdigit():
            yield word
            if len(word) > _STEM and word.isalpha():
                yield word[:_STEM]


def _frame(document: Document, boundary: str) -> tuple[str, str]:
    name = clean_name(document.name)
    return (
        f'<document boundary={boundary} name="{name}" kind="{document.kind}">',
        f"</document boundary={boundary}>",
    )


def _quote(unit: PageUnit, passages: Iterable[_Passage]) -> Iterator[str]:
    """Yield the passages in quoted lines, each page opened by its mark."""
    before: _Passage | None = None
    for passage in passages:
        follows = before and before.page is passage.page and before.piece == passage.piece - 1
        if not follows:
            yield _mark(unit, passage.page, passage.piece)
            yield from _heading(unit, passage.page, passage.piece)
        yield _prefix(passage.text)
        before = passage


def _mark(unit: PageUnit, page: Page, piece: int) -> str:
    if unit == "page":
        mark = f"p. {page.number}"
    elif page.label:
        mark = f'{unit} "{clean_name(page.label, str(page.number))}"'
    else:
        mark = f"{unit} {page.number}"
    return f"[{mark}, continued]" if piece else f"[{mark}]"


def _heading(unit: PageUnit, page: Page, piece: int) -> tuple[str, ...]:
    """Repeat a sheet's first row above a later piece of it: it names the columns."""
    if unit != "sheet" or piece == 0:
        return ()
    return (_prefix(page.text.partition("\n")[0][:PASSAGE_CHARACTERS]),)


def _prefix(text: str) -> str:
    return "\n".join(f"| {line}".rstrip() for line in text.splitlines())


def _cover(document: Document, chosen: Sequence[_Passage]) -> Coverage:
    pieces = Counter(passage.page.number for passage in chosen)
    partial = {
        passage.page.number for passage in chosen if pieces[passage.page.number] < passage.pieces
    }
    blank = [page.number for page in document.pages if not page.text.strip()]
    left_out = len(document.pages) - len(blank) - len(pieces)
    beyond = document.total_pages - len(document.pages)
    sentence = _say_read(document, pieces)
    if partial:
        sentence += f", {list_pages(document.unit, partial)} only in part"
    if (left_out or partial) and pieces:
        sentence += "; the rest did not fit"
    elif beyond > 0 and pieces:
        sentence += "; the rest is over my limits"
    sentence += "."
    if blank:
        pages = list_pages(document.unit, blank).capitalize()
        sentence += f" {pages} {'has' if len(blank) == 1 else 'have'} no readable text."
    return Coverage(
        clean_name(document.name),
        " ".join((sentence, *document.notes)),
        complete=not (partial or left_out or beyond > 0 or document.notes),
    )


def _say_read(document: Document, read: Iterable[int]) -> str:
    numbers = list(read)
    if numbers:
        return f"Read {list_pages(document.unit, numbers)} of {document.total_pages}"
    if document.total_pages == 1:
        return f"Its only {document.unit} did not fit"
    return f"None of its {document.total_pages} {document.unit}s fit"
