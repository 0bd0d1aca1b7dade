"""Between opening and thinking: what of the documents is read for this answer, and how.

What fits goes into the prompt as it is. For a summary of more than that, the model first makes
notes on each part of the document; for a question, the passages that speak of it are searched.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Literal

import structlog

from bot.conversation.budget import estimate_tokens
from bot.conversation.messages import Document, Found, Passage, Usage, UserMessage
from bot.conversation.ports import Documents
from bot.conversation.requests import Request, parse_request
from bot.conversation.scopes import Scope, label_pages, resolve_scope
from bot.conversation.shapes import recognise_shape
from bot.conversation.summary_prompts import (
    request_comparison,
    request_summary,
)
from bot.documents import comparison
from bot.documents.account import (
    Saying,
    tell_beyond,
    tell_changed,
    tell_gone,
    tell_missing,
    tell_read,
    tell_sampled,
    tell_searched,
    tell_single,
    tell_twin,
)
from bot.documents.evidence import Evidence
from bot.documents.excerpt import (
    FRAME_TOKENS,
    Excerpt,
    cost,
    draw_boundary,
    prefix,
    quote,
    quote_conversation,
    rank,
    sample_sheets,
    share_room,
    take_best,
)
from bot.documents.marks import Marks
from bot.documents.sources import Sources
from bot.language import ENGLISH, Language
from bot.notes import NoteTaker, Progress
from bot.opening import Opened
from bot.slack.linked import Linked

log = structlog.get_logger(__name__)

_CHANGES_TOKENS: Final = 4_000
_ROWS_TOKENS: Final = 3_000
"""Of the rows of a table that is not quoted whole, so much goes into a summary."""

_FOUND: Final = 40
_NEIGHBOURED: Final = 8
"""So many of the passages found are read with those around them."""

_SAMPLE_CHARACTERS: Final = 12_000

_OF_TALK: Final = re.compile(
    r"\b(?:thread|discussion|conversation|chat|(?<!key )(?<!main )messages|channel|diskussion"
    r"|unterhaltung|verlauf|gespräch|fil|échange|conversación|hilo|discussione|conversazione|conversa|gesprek)\b"
    r"|スレッド|会話|讨论|对话|대화",
    re.IGNORECASE,
)
"""A summary of what was said here, not of a document."""

_OF_ALL: Final = re.compile(
    r"\b(?:both|everything|all (?:of )?(?:the |these |those |our )?(?:\w+ )?"
    r"(?:doc(?:ument)?s|files|pdfs|attachments|them)"
    r"|beides?|beiden|alle (?:\w+ )?(?:dokumente|dateien|documenten|bestanden)"
    r"|les deux|tous les (?:\w+ )?(?:documents|fichiers)"
    r"|ambos|los dos|todos los (?:\w+ )?(?:documentos|archivos)"
    r"|entrambi|tutti i (?:documenti|file)|os dois|todos os (?:documentos|arquivos))\b"
    r"|両方|(?:すべて|全て)の(?:ファイル|文書|資料)|(?:所有|全部)(?:文件|文档)|모든 (?:파일|문서)",
    re.IGNORECASE,
)
"""A summary of all documents, not only of those that came last."""


@dataclass(frozen=True, slots=True)
class Material:
    """What was read, for the model and for those who read its answer.

    Attributes:
        quoted: Quoted pages or notes, "" if there are none.
        request: What to ask the model for, None for the person's own words.
        remarks: What the model has to know of the reading, in English.
        told: What the people have to be told of it, in sentences of their language.
        marks: The pages that an answer may name.
        evidence: What is written on them.
        addresses: The links that stand in the documents.
        left: How many pages are left for another time, because reading them costs too much.
        parts: The label of each part of a long document, and what was noted of it.
        messages: Where the messages stand that an answer may name, by their numbers.
        sources: The names and permalinks of the documents.
        usage: What the model's calls for it took.
    """

    quoted: str = ""
    request: str | None = None
    remarks: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    marks: Marks = field(default_factory=lambda: Marks(()))
    evidence: Evidence = field(default_factory=Evidence)
    addresses: frozenset[str] = frozenset()
    left: int = 0
    parts: tuple[tuple[str, str], ...] = ()
    messages: Mapping[int, str] = field(default_factory=dict)
    sources: tuple[tuple[str, str], ...] = ()
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be done with which documents.

    Attributes:
        kind: A summary; what changed between two versions; or an answer to a question.
        documents: Which, in order.
        request: What the person asked for.
        instruction: The person's own words.
        versions: Pairs of a document and the one whose new version it is.
    """

    kind: Literal["summary", "comparison", "question"]
    documents: tuple[Document, ...]
    request: Request
    instruction: str
    versions: tuple[tuple[Document, Document], ...] = ()


@dataclass(slots=True)
class _Reading:
    """What has been read so far for one answer, and what is to be told of it in which language."""

    sources: Sources
    language: Language
    found: list[Saying] = field(default_factory=list)
    told: list[Saying] = field(default_factory=list)
    left: int = 0
    parts: list[tuple[str, str]] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)


class Reader:
    """Reads what an answer needs.

    Args:
        documents: Where passages are kept.
        note_taker: Reads what is too long for one prompt.
        room: How much of the documents goes into one prompt at most, in tokens: models overlook
            things in longer ones.
    """

    def __init__(self, documents: Documents, note_taker: NoteTaker, *, room: int) -> None:
        self._documents = documents
        self._note_taker = note_taker
        self._room = room

    async def read(self, opened: Opened, room: int) -> AsyncGenerator[Progress | Material, None]:
        """Yield how far it has come, and at last what was read; `room` is in tokens.

        Raises ModelError; what was read by then need not be read again.
        """
        conversations = _quote_linked(opened.linked, room)
        left = room - estimate_tokens(conversations)
        twins = _tell_twins(opened.fresh)
        async with aclosing(self._read_documents(opened, left)) as steps:
            async for step in steps:
                if isinstance(step, Progress):
                    yield step
                    continue
                yield replace(
                    step,
                    quoted="\n\n".join(filter(None, (step.quoted, conversations))),
                    remarks=(*step.remarks, *_say(twins, ENGLISH)),
                    told=(*step.told, *_say(twins, opened.language)),
                )

    async def _read_documents(
        self, opened: Opened, room: int
    ) -> AsyncGenerator[Progress | Material, None]:
        order = _name_apart(_decide(opened))
        if not order.documents:
            yield Material()
            return
        room = min(room, self._room)
        several = [*order.documents, *(old for _, old in order.versions)]
        named = len({one.file_id for one in several}) > 1
        reading = _Reading(Sources(opened.team, named=named), opened.language)
        if order.kind == "question":
            yield await self._look_up(order, opened, reading, room)
            return
        async with aclosing(self._summarize(order, opened, reading, room)) as steps:
            async for step in steps:
                yield step

    async def _look_up(
        self, order: _Order, opened: Opened, reading: _Reading, room: int
    ) -> Material:
        """Quote all documents, if they fit, or else what a search of them brings up."""
        documents = order.documents
        if sum(document.tokens for document in documents) <= 0.8 * room:
            excerpts = [await self._load(reading.sources.team, document) for document in documents]
            if sum(excerpt.tokens for excerpt in excerpts) <= room:
                fresh = {document.file_id for document in opened.fresh}
                told: list[Saying] = [
                    partial(tell_read, excerpt.document, excerpt.pages)
                    for excerpt in excerpts
                    if excerpt.document.file_id in fresh or not _is_whole(excerpt)
                ]
                return await self._quote(excerpts, reading, told if order.request.asked else ())
        excerpts, fitting = await self._search(order, reading, room)
        told = []
        for document in documents:
            fits = document.file_id in fitting
            mine = [one.pages for one in excerpts if fits and one.document == document]
            told.append(partial(tell_searched, document, mine[0] if mine else (), fits))
        if order.request.kind == "comparison" and len(documents) == 1:
            told = [partial(tell_single, documents[0])]
        asks_document = order.request.asked and not order.request.reshapes
        return await self._quote(excerpts, reading, told if asks_document else ())

    async def _search(
        self, order: _Order, reading: _Reading, room: int
    ) -> tuple[list[Excerpt], set[str]]:
        """Return what fits the question, and the ids of the files that may have any of it."""
        team, documents = reading.sources.team, order.documents
        found = await self._documents.search(team, documents, order.instruction, limit=_FOUND)
        pool: dict[str, dict[tuple[int, int], Passage]] = {}
        named, openings = [], []
        for document in documents:
            wanted = await self._resolve(order.request.scope, team, document)
            near = _pages_around(document, found)
            passages = await self._documents.load(team, document, {1, *wanted, *near})
            own = [one.passage for one in found if one.document.file_id == document.file_id]
            every = {(one.page, one.piece): one for one in [*passages, *own]}
            pool[document.file_id] = every
            named += [(document, one) for one in passages if one.page in wanted]
            openings += [(document, one) for one in passages if (one.page, one.piece) == (1, 0)]
        around = {file_id: _in_order(passages.values()) for file_id, passages in pool.items()}
        closest = {id(one) for one in found[:_NEIGHBOURED]}
        ranked = [
            *rank(named, openings, [one for one in found if id(one) in closest], around, room),
            *_of(found),
        ]
        excerpts = [Excerpt(document, tuple(around[document.file_id])) for document in documents]
        fitting = {document.file_id for document, _ in [*named, *_of(found)]}
        if len(found) == _FOUND:
            # Not all that was found is here.
            fitting = {document.file_id for document in documents}
        return take_best(excerpts, ranked, room), fitting

    async def _resolve(self, scope: Scope, team: str, document: Document) -> frozenset[int]:
        """Return the pages that a question names."""
        if not scope:
            return frozenset()
        # Only for parts that have names must the pages be read to be found.
        passages = await self._documents.load(team, document) if scope.labels else []
        return await asyncio.to_thread(_find_pages, scope, document, passages)

    async def _quote(
        self, excerpts: Sequence[Excerpt], reading: _Reading, told: Sequence[Saying]
    ) -> Material:
        for excerpt in excerpts:
            await reading.sources.add(excerpt.document, excerpt.passages)
        quoted = quote(excerpts, boundary=draw_boundary(), named=reading.sources.named)
        return Material(
            quoted=quoted,
            remarks=_say(told, ENGLISH),
            told=_say(told, reading.language),
            marks=reading.sources.marks,
            evidence=reading.sources.evidence,
            addresses=frozenset(reading.sources.addresses),
            sources=_list_sources(one.document for one in excerpts),
        )

    async def _summarize(
        self, order: _Order, opened: Opened, reading: _Reading, room: int
    ) -> AsyncGenerator[Progress | Material, None]:
        excerpts = [
            await self._load_scope(order.request.scope, document, reading)
            for document in order.documents
        ]
        for gone in (one.document for one in excerpts if not one.passages):
            reading.found.append(partial(tell_gone, gone))
        excerpts = [one for one in excerpts if one.passages]
        for excerpt in excerpts:
            await reading.sources.add(excerpt.document, excerpt.passages)
        changes = await self._compare(order.versions, reading)
        left = room - estimate_tokens(changes)
        whole, sampled, noted = _sort(excerpts, share_room([one.tokens for one in excerpts], left))
        blocks = {
            one.document.file_id: quote(
                [one], boundary=draw_boundary(), named=reading.sources.named
            )
            for one in [*whole, *sampled]
        }
        reading.told += [partial(tell_read, one.document, one.pages) for one in whole]
        reading.told += [partial(tell_sampled, one.document, one.pages) for one in sampled]
        if noted:
            steps = self._note_taker.take(
                noted,
                order.request.focus,
                reading.sources,
                allowance=opened.allowance,
                room=left - sum(one.tokens for one in [*whole, *sampled]),
                model=opened.model,
            )
            async with aclosing(steps):
                async for step in steps:
                    if isinstance(step, Progress):
                        yield step
                    else:
                        blocks |= step.texts
                        reading.told += step.told
                        reading.left = step.left
                        reading.usage = step.usage
                        reading.parts = [
                            (say(reading.language), noted) for say, noted in step.parts
                        ]
        shapes = {
            one.document.name: recognise_shape(_sample(one.passages), one.document.unit)
            for one in excerpts
        }
        request = (
            request_comparison(order.instruction)
            if order.kind == "comparison"
            else request_summary(
                shapes, order.instruction, from_notes=bool(noted), changes=bool(changes)
            )
        )
        quoted = [
            blocks[one.document.file_id] for one in excerpts if one.document.file_id in blocks
        ]
        told = [*reading.found, *reading.told]
        yield Material(
            quoted="\n\n".join(filter(None, [*quoted, changes])),
            request=request,
            remarks=_say(told, ENGLISH),
            told=_say(told, reading.language),
            marks=reading.sources.marks,
            evidence=reading.sources.evidence,
            addresses=frozenset(reading.sources.addresses),
            left=reading.left,
            parts=tuple(reading.parts),
            sources=_list_sources(one.document for one in excerpts),
            usage=reading.usage,
        )

    async def _compare(
        self, versions: Sequence[tuple[Document, Document]], reading: _Reading
    ) -> str:
        """Quote what changed between versions of a document."""
        blocks = []
        for new, old in versions:
            old_passages = await self._documents.load(reading.sources.team, old)
            new_passages = await self._documents.load(reading.sources.team, new)
            await reading.sources.add(old, old_passages)
            changes = await asyncio.to_thread(comparison.compare, old_passages, new_passages)
            text, left_out = comparison.render(
                changes,
                _CHANGES_TOKENS // len(versions),
                estimate_tokens,
                unit=new.unit,
                old_name=old.name,
                new_name=new.name,
            )
            reading.found.append(partial(tell_changed, new, old, changes.extent, left_out))
            if text:
                boundary = draw_boundary()
                blocks.append(
                    f'<changes boundary={boundary} from="{old.name}" to="{new.name}">\n'
                    f"{text}\n</changes boundary={boundary}>"
                )
        return "\n\n".join(blocks)

    async def _load(self, team: str, document: Document) -> Excerpt:
        return Excerpt(document, tuple(await self._documents.load(team, document)))

    async def _load_scope(self, scope: Scope, document: Document, reading: _Reading) -> Excerpt:
        """Load the pages that are asked for; all, and tell so, if there are no such pages."""
        excerpt = await self._load(reading.sources.team, document)
        if not scope:
            return excerpt
        pages = await asyncio.to_thread(_find_pages, scope, document, excerpt.passages)
        passages = tuple(one for one in excerpt.passages if one.page in pages)
        if passages:
            return replace(excerpt, passages=passages)
        reading.found.append(partial(tell_beyond if pages else tell_missing, document))
        return excerpt


def _list_sources(documents: Iterable[Document]) -> tuple[tuple[str, str], ...]:
    return tuple((one.name, one.permalink) for one in documents)


def _quote_linked(linked: Sequence[Linked], room: int) -> str:
    """Quote conversations that the question links to, as much of them as the room takes."""
    needs = [FRAME_TOKENS + estimate_tokens(prefix(one.text)) for one in linked]
    blocks = []
    for one, need, share in zip(linked, needs, share_room(needs, room), strict=True):
        text = one.text
        if need > share:
            text = f"{text[: len(text) * share // need]}… (There is more.)"
        blocks.append(quote_conversation(one.name, text, boundary=draw_boundary()))
    return "\n\n".join(blocks)


def _decide(opened: Opened) -> _Order:
    """Decide what to do with which documents."""
    said = opened.question.text
    request = parse_request(said)
    fresh, earlier = _distinct(opened.fresh), _distinct(opened.earlier)
    if fresh and (opened.wants_summary or not said or request.kind != "question"):
        compare = bool(said) and request.kind == "comparison"
        versions = _pair_versions(fresh, earlier, even_same=compare)
        if compare and not versions and (pair := _find_newest_pair(fresh)):
            return _Order("comparison", (pair[0],), request, said, (pair,))
        kind: Literal["summary", "comparison"] = "comparison" if versions and compare else "summary"
        return _Order(kind, fresh, request, said, versions)
    if not fresh and request.kind == "comparison" and (pair := _find_newest_pair(earlier)):
        return _Order("comparison", (pair[0],), request, said, (pair,))
    of_document = request.asked and not _OF_TALK.search(said) and not _reshapes_answer(opened)
    if not fresh and request.kind == "summary" and of_document:
        return _Order("summary", _choose(earlier, opened), request, said)
    return _Order("question", _distinct((*opened.fresh, *opened.earlier)), request, said)


def _reshapes_answer(opened: Opened) -> bool:
    """Whether "shorter, please" is said of an answer to a question, not of a summary."""
    asked = [one for one in opened.history if isinstance(one, UserMessage)]
    if not (asked and parse_request(opened.question.text).reshapes):
        return False
    before = parse_request(asked[-1].text)
    return before.kind == "question" and not asked[-1].files


def _distinct(documents: Iterable[Document]) -> tuple[Document, ...]:
    """Return documents of the same content once, as they were shared first."""
    return tuple({document.digest: document for document in reversed([*documents])}.values())[::-1]


def _tell_twins(documents: Sequence[Document]) -> tuple[Saying, ...]:
    """Name those that are not read, since another that was shared with them says the same."""
    firsts = {one.digest: one for one in _distinct(documents)}
    return tuple(
        partial(tell_twin, one, firsts[one.digest])
        for one in documents
        if one.file_id != firsts[one.digest].file_id
    )


def _pair_versions(
    documents: Sequence[Document], earlier: Sequence[Document], *, even_same: bool = False
) -> tuple[tuple[Document, Document], ...]:
    """Find for each document the newest earlier one that it is a new version of.

    That may be one of the same content only if `even_same`: who asks what changed is told.
    """
    pairs = []
    for document in documents:
        older = [
            one
            for one in earlier
            if (even_same or one.digest != document.digest)
            and one.unit == document.unit
            and comparison.is_version_of(document.name, one.name)
        ]
        if older:
            pairs.append((document, older[-1]))
    return tuple(pairs)


def _find_newest_pair(documents: Sequence[Document]) -> tuple[Document, Document] | None:
    """Find the last document that is a new version of one before it, and that one."""
    for at in range(len(documents) - 1, 0, -1):
        if pairs := _pair_versions(documents[at : at + 1], documents[:at]):
            return pairs[0]
    return None


def _choose(documents: Sequence[Document], opened: Opened) -> tuple[Document, ...]:
    """Return the documents that are named, or all if they are meant, or what was shared last."""
    said = opened.question.text.casefold()
    if named := [one for one in documents if _is_named(one, said)]:
        return tuple(named)
    if _OF_ALL.search(said):
        return tuple(documents)
    shared = [
        {file.id for file in message.files}
        for message in opened.history
        if isinstance(message, UserMessage)
    ]
    # A mail is shared with what is attached to it, an archive with all that is inside.
    shared.insert(0, {_source_of(one) for one in documents[-1:]})
    for files in reversed(shared):
        # The same content may have been shared before, as another file.
        digests = {one.digest for one in opened.earlier if _source_of(one) in files}
        if last := [one for one in documents if one.digest in digests]:
            return tuple(last)
    return ()


def _is_named(document: Document, said: str) -> bool:
    """Whether the name is said, with its ending or without, or that of the file around it."""
    name, _, around = document.name.casefold().removesuffix(")").partition(" (in ")
    stem = name.rpartition(".")[0]
    return (
        name in said
        or bool(around and around in said)
        or bool(stem and re.search(rf"(?<!\w){re.escape(stem)}(?!\w)", said))
    )


def _source_of(document: Document) -> str:
    """Return the id of the shared file that the document is, or is inside of."""
    return document.file_id.partition("/")[0]


def _name_apart(order: _Order) -> _Order:
    """Give documents of the same name different ones, so that marks tell them apart."""
    taken: set[str] = set()

    def rename(document: Document, remark: str) -> Document:
        name, number = document.name, 2
        while name in taken:
            name = f"{document.name} ({remark or number})"
            remark, number = "", number + 1
        taken.add(name)
        return replace(document, name=name)

    renamed = {one.file_id: rename(one, "") for one in order.documents}
    renamed |= {
        old.file_id: rename(old, "earlier")
        for _, old in order.versions
        if old.file_id not in renamed
    }
    return replace(
        order,
        documents=tuple(renamed[one.file_id] for one in order.documents),
        versions=tuple((renamed[new.file_id], renamed[old.file_id]) for new, old in order.versions),
    )


def _sort(
    excerpts: Sequence[Excerpt], shares: Sequence[int]
) -> tuple[list[Excerpt], list[Excerpt], list[Excerpt]]:
    """Tell what can be quoted whole, what in samples, and what needs notes."""
    whole, sampled, noted = [], [], []
    for excerpt, share in zip(excerpts, shares, strict=True):
        if excerpt.tokens <= share:
            whole.append(excerpt)
        elif excerpt.document.unit == "sheet":
            # The profiles are computed over all rows: reading those would add nothing but cost.
            profiles = sum(cost(one) for one in excerpt.passages if one.piece == 0)
            enough = FRAME_TOKENS + profiles + _ROWS_TOKENS
            sampled.append(sample_sheets(excerpt, min(share, enough)))
        else:
            noted.append(excerpt)
    return whole, sampled, noted


def _find_pages(scope: Scope, document: Document, passages: Sequence[Passage]) -> frozenset[int]:
    """Find the pages that are meant, read or not; takes a while for long documents."""
    labels = label_pages(passages) if scope.labels else {}
    return resolve_scope(scope, labels, document.total_pages, document.unit) or frozenset()


def _say(told: Iterable[Saying], language: Language) -> tuple[str, ...]:
    return tuple(say(language) for say in told)


def _is_whole(excerpt: Excerpt) -> bool:
    document = excerpt.document
    return document.read_pages == document.total_pages and not document.notes


def _of(found: Iterable[Found]) -> list[tuple[Document, Passage]]:
    return [(one.document, one.passage) for one in found]


def _pages_around(document: Document, found: Sequence[Found]) -> set[int]:
    return {
        page
        for one in found[:_NEIGHBOURED]
        if one.document.file_id == document.file_id
        for page in range(one.passage.page - 1, one.passage.page + 2)
    }


def _in_order(passages: Iterable[Passage]) -> list[Passage]:
    return sorted(passages, key=lambda one: (one.page, one.piece))


def _sample(passages: Sequence[Passage]) -> str:
    """Return how a document begins, and a little from everywhere in it."""
    spread = passages[3 :: max(1, len(passages) // 6)]
    texts = [*(one.text for one in passages[:3]), *(one.text[:600] for one in spread)]
    return "\n".join(texts)[:_SAMPLE_CHARACTERS]
