"""Notes on documents too long for one prompt: made part by part, checked, merged until they fit."""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, Collection, Coroutine, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, TypeVar

import structlog

from bot.conversation.budget import estimate_tokens
from bot.conversation.messages import Completion, Document, Prompt, PromptMessage, Usage
from bot.conversation.ports import Documents, Model
from bot.conversation.summary_prompts import NOTES_SYSTEM, request_merge, request_notes
from bot.documents.account import Saying, tell_declined, tell_noted, tell_part
from bot.documents.citations import check_notes
from bot.documents.excerpt import Excerpt, draw_boundary, quote_notes, quote_part, share_room
from bot.documents.marks import write_mark
from bot.documents.plan import Part, cap, estimate, group_notes, plan_parts
from bot.documents.sources import Sources
from bot.errors import ModelBlank, ModelError, ModelRefused, PromptTooLong

log = structlog.get_logger(__name__)

_T = TypeVar("_T")

NOTES_VERSION: Final = "1"
"""Notes that were made by other rules are made anew."""

_NOTES_TOKENS: Final = 900
"""Room for the notes on one part."""

_MERGE_TOKENS: Final = 1_600
"""Room for notes that were made of notes."""

_OVERLAP_TOKENS: Final = 250
_NOTES_CHARACTERS: Final = 2_000
_UNCONFIRMED: Final = "(The pages of what follows could not be confirmed: give none for it.)"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the reading of long documents has come, and what it took so far."""

    names: tuple[str, ...]
    done: int
    total: int
    usage: Usage = field(default_factory=Usage)


@dataclass(slots=True)
class Notes:
    """What came of it.

    Attributes:
        texts: The notes, quoted for a prompt, by the documents' file ids.
        told: What people have to be told.
        left: How many pages are left for another time, because reading them costs too much.
        parts: Which pages each part had, and what was noted of it.
        usage: What the model's calls took.
    """

    texts: dict[str, str] = field(default_factory=dict)
    told: list[Saying] = field(default_factory=list)
    left: int = 0
    parts: list[tuple[Saying, str]] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class _Job:
    """Notes to be made on a part of a document."""

    document: Document
    part: Part
    number: int
    of: int
    key: str


@dataclass(frozen=True, slots=True)
class _Task:
    """What all the notes for one answer have in common.

    Attributes:
        focus: What to look at, in the person's words.
        sources: Have all the passages.
        model: The model to ask first, "" for the usual order.
        notes: What comes of it.
    """

    focus: str
    sources: Sources
    model: str
    notes: Notes


class NoteTaker:
    """Makes notes, within a budget of model calls.

    Args:
        documents: Where notes are kept, so that no part is paid for twice.
        model: Makes them.
        part_tokens: How much of a document the model reads at a time.
        most_calls: Calls that one summary may take.
        parallel: Calls at the same time, over all turns.
    """

    def __init__(
        self,
        documents: Documents,
        model: Model,
        *,
        part_tokens: int,
        most_calls: int,
        parallel: int,
    ) -> None:
        self._documents = documents
        self._model = model
        self._part_tokens = part_tokens
        self._most_calls = most_calls
        self._parallel = parallel
        self._places = asyncio.Semaphore(parallel)

    async def take(
        self,
        excerpts: Sequence[Excerpt],
        focus: str,
        sources: Sources,
        *,
        allowance: int,
        room: int,
        model: str = "",
    ) -> AsyncGenerator[Progress | Notes, None]:
        """Yield how far it has come, and at last notes that fit together into `room` tokens.

        Args:
            excerpts: The documents, or what is wanted of them.
            focus: What to look at, in the person's words; "" for everything.
            sources: Have all the passages already.
            allowance: How many times the usual budget may be spent.
            room: What the notes may cost in the prompt.
            model: The model to ask first, "" for the usual order.

        Raises:
            ModelError: The model can't be asked. What was read by then need not be read again.
        """
        notes = Notes()
        task = _Task(focus, sources, model, notes)
        # A thousand pages take a while to divide; other turns go on meanwhile.
        planned = await asyncio.to_thread(self._plan, excerpts, task)
        kept = await self._find([job for jobs in planned for job in jobs], sources.team)
        documents = [excerpt.document for excerpt in excerpts]
        jobs = self._choose(documents, planned, kept, self._most_calls * allowance, notes)
        made: dict[_Job, str | None] = {job: kept[job] for job in jobs if job in kept}
        missing = [job for job in jobs if job not in made]
        tokens = sum(job.part.tokens for job in missing)
        log.info("notes_planned", parts=len(jobs), missing=len(missing), tokens=tokens)
        names = tuple(excerpt.document.name for excerpt in excerpts)
        yield Progress(names, len(made), len(jobs))
        async with aclosing(self._make(missing, task, any_read=bool(made))) as finished:
            async for job, text in finished:
                made[job] = text
                yield Progress(names, len(made), len(jobs), notes.usage)
        shares = share_room([room] * len(documents), room)
        merging = []
        for document, share in zip(documents, shares, strict=True):
            own = [job for job in jobs if job.document == document]
            declined = [job.part for job in own if made[job] is None]
            if declined:
                refused = [passage.page for part in declined for passage in part.passages]
                notes.told.append(partial(tell_declined, document, refused))
            texts = [text for job in own if (text := made[job])]
            named = sources.name(document)
            notes.parts += [(_label(job, named), text) for job in own if (text := made[job])]
            merging.append(self._merge(document, texts, task, share))
        for document, merged in zip(documents, await _gather(merging), strict=True):
            notes.texts[document.file_id] = quote_notes(
                document, "\n".join(merged), boundary=draw_boundary()
            )
        yield notes

    def _plan(self, excerpts: Sequence[Excerpt], task: _Task) -> list[list[_Job]]:
        """Divide each document into parts."""
        planned = []
        for excerpt in excerpts:
            document = excerpt.document
            parts = plan_parts(
                excerpt.passages, part_tokens=self._part_tokens, overlap_tokens=_OVERLAP_TOKENS
            )
            name = task.sources.name(document)
            planned.append(
                [
                    _Job(document, part, number, len(parts), _key_of(part, task.focus, name))
                    for number, part in enumerate(parts, start=1)
                ]
            )
        return planned

    def _choose(
        self,
        documents: Sequence[Document],
        planned: Sequence[Sequence[_Job]],
        made: Collection[_Job],
        most_calls: int,
        notes: Notes,
    ) -> list[_Job]:
        """Take as many parts as the calls allow, and what was read before; tell what is left."""
        divided = [[job.part for job in jobs] for jobs in planned]
        needs = [estimate(parts, _NOTES_TOKENS, self._part_tokens).calls for parts in divided]
        chosen: list[_Job] = []
        shares = share_room(needs, most_calls)
        for document, jobs, parts, most in zip(documents, planned, divided, shares, strict=True):
            count = len(cap(parts, most, _NOTES_TOKENS, self._part_tokens))
            while count < len(jobs) and jobs[count] in made:
                count += 1
            read = dict.fromkeys(one.page for part in parts[:count] for one in part.passages)
            left = {one.page for part in parts[count:] for one in part.passages}
            notes.left += len(left)
            notes.told.append(partial(tell_noted, document, list(read), count, left))
            chosen += jobs[:count]
        return chosen

    async def _find(self, jobs: Sequence[_Job], team: str) -> dict[_Job, str]:
        """Find the notes that were made before."""
        made: dict[_Job, str] = {}
        for document in {job.document.file_id: job.document for job in jobs}.values():
            own = [job for job in jobs if job.document == document]
            found = await self._documents.find_notes(team, document, [job.key for job in own])
            made |= {job: found[job.key] for job in own if job.key in found}
        return made

    async def _make(
        self, jobs: Sequence[_Job], task: _Task, *, any_read: bool
    ) -> AsyncGenerator[tuple[_Job, str | None], None]:
        """Yield notes as they are made, in any order; None for a part that the model declines.

        Args:
            jobs: What is missing.
            task: What it is for.
            any_read: Whether there are notes on other parts already.

        Raises:
            ModelError: That of the first part that failed, or of any if all were declined.
        """
        # So many at a time, lest other turns' parts wait for all of this one's.
        places = asyncio.Semaphore(self._parallel)
        tasks = [asyncio.create_task(self._note(job, task, places)) for job in jobs]
        declined: ModelError | None = None
        try:
            for finished in asyncio.as_completed(tasks):
                job, result = await finished
                if isinstance(result, ModelError):
                    declined = result
                else:
                    any_read = True
                yield job, None if isinstance(result, ModelError) else result
            if declined and not any_read:
                raise declined
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _note(
        self, job: _Job, task: _Task, places: asyncio.Semaphore
    ) -> tuple[_Job, str | ModelError]:
        try:
            async with places:
                text = await self._write(job, job.part, task)
        except (ModelRefused, ModelBlank) as error:
            # One page that a content filter minds must not cost the other nine hundred.
            log.warning("part_declined", part=job.number, error=type(error).__name__)
            return job, error
        await self._documents.keep_notes(task.sources.team, job.document, job.key, text)
        return job, text

    async def _write(self, job: _Job, part: Part, task: _Task) -> str:
        """Let the model make notes on a part, or on its halves if it is too long for the model."""
        document, sources = job.document, task.sources
        first = part.passages[0]
        mark = write_mark(document.unit, first.page, first.label, document=sources.name(document))
        quoted = quote_part(
            document, part.lead, part.passages, boundary=draw_boundary(), named=sources.named
        )
        request = request_notes(task.focus, number=job.number, of=job.of, mark=mark)
        try:
            answer = await self._ask(f"{quoted}\n\n{request}", _NOTES_TOKENS, task)
        except PromptTooLong:
            if len(part.passages) == 1:
                raise
            half = len(part.passages) // 2
            halves = (part.passages[:half], part.passages[half:])
            texts = [
                await self._write(job, replace(part, passages=some, lead=""), task)
                for some in halves
            ]
            return "\n".join(filter(None, texts))
        checked = await asyncio.to_thread(check_notes, answer, sources.marks, sources.evidence)
        log.info("notes_checked", part=job.number, kept=checked.kept, dropped=checked.dropped)
        # A model that doesn't keep to the form has read the part all the same.
        return checked.text if checked.kept else f"{_UNCONFIRMED}\n{answer[:_NOTES_CHARACTERS]}"

    async def _merge(
        self, document: Document, notes: Sequence[str], task: _Task, room: int
    ) -> list[str]:
        """Make fewer notes of many, level by level, until they fit into `room`."""
        texts = list(notes)
        while len(texts) > 1 and sum(map(estimate_tokens, texts)) > room:
            groups = group_notes([estimate_tokens(text) for text in texts], self._part_tokens)
            merging = [
                self._merge_group(document, [texts[at] for at in group], task) for group in groups
            ]
            texts = [text for text in await _gather(merging) if text]
        return _cut_to(texts, room)

    async def _merge_group(self, document: Document, notes: Sequence[str], task: _Task) -> str:
        """Let the model merge notes, or each half of them if they are too long for the model."""
        if len(notes) == 1:
            return notes[0]
        sources = task.sources
        key = _digest("merge", task.focus, *notes)
        found = await self._documents.find_notes(sources.team, document, [key])
        if key in found:
            return found[key]
        quoted = quote_notes(document, "\n".join(notes), boundary=draw_boundary())
        try:
            request = request_merge(task.focus)
            answer = await self._ask(f"{quoted}\n\n{request}", _MERGE_TOKENS, task)
        except PromptTooLong:
            half = len(notes) // 2
            texts = [
                await self._merge_group(document, some, task)
                for some in (notes[:half], notes[half:])
            ]
            return "\n".join(filter(None, texts))
        except (ModelRefused, ModelBlank) as error:
            log.warning("merge_declined", error=type(error).__name__)
            return "\n".join(notes)
        checked = await asyncio.to_thread(check_notes, answer, sources.marks, sources.evidence)
        # Where the model made nothing of them, they stand as they are.
        text = checked.text if checked.kept else "\n".join(notes)
        await self._documents.keep_notes(sources.team, document, key, text)
        return text

    async def _ask(self, text: str, answer_tokens: int, task: _Task) -> str:
        messages = (PromptMessage("system", NOTES_SYSTEM), PromptMessage("user", text))
        prompt = Prompt(messages, reasoning=False, answer_tokens=answer_tokens, model=task.model)
        # Not all places for calls are taken by long documents: questions come in between.
        async with self._places, aclosing(self._model.stream(prompt)) as chunks:
            async for chunk in chunks:
                if isinstance(chunk, Completion):
                    task.notes.usage += chunk.usage
                    return chunk.answer
        raise AssertionError("a stream ends with a completion or an error")


async def _gather(steps: Iterable[Coroutine[Any, Any, _T]]) -> list[_T]:
    """Take steps side by side and return their results; the first error ends them all."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(step) for step in steps]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    return [task.result() for task in tasks]


def _cut_to(texts: Sequence[str], room: int) -> list[str]:
    """Leave out the last lines of notes that the model did not make shorter."""
    lines = [line for text in texts for line in text.splitlines()]
    while len(lines) > 1 and estimate_tokens("\n".join(lines)) > max(room, _MERGE_TOKENS):
        del lines[-max(1, len(lines) // 10) :]
    return lines


def _label(job: _Job, named: str) -> Saying:
    """Say which pages a part has, and of which document if there are several."""
    pages = dict.fromkeys(one.page for one in job.part.passages)
    return partial(tell_part, job.document, list(pages), bool(named))


def _key_of(part: Part, focus: str, name: str) -> str:
    """Return the key of the notes on a part: the same for the same request to the model."""
    pieces = (f"{one.page}/{one.piece}" for one in part.passages)
    return _digest("part", focus, name, part.lead, *pieces)


def _digest(*words: str) -> str:
    return hashlib.sha256(json.dumps([NOTES_VERSION, *words]).encode()).hexdigest()
