"""The second stage of a turn: from what was opened to the model's chunks."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from bot.conversation.budget import MESSAGE_OVERHEAD, estimate_tokens, prompt_room
from bot.conversation.messages import AnswerChunk, Chunk, Completion, Prompt, Usage, UserMessage
from bot.conversation.names import clean_name
from bot.conversation.ports import Model
from bot.conversation.prompt import COMMENT_REQUEST, Quoted, build_prompt, cost_of_question
from bot.conversation.transcript import CATCH_UP_REQUEST, TRANSCRIPT_RULES, MessageCitations
from bot.documents.citations import CitationFilter
from bot.documents.links import LinkRule, find_urls
from bot.documents.marks import find_marks
from bot.errors import PromptTooLong
from bot.language import ENGLISH, mark
from bot.notes import Progress
from bot.opening import Opened
from bot.reading import Material, Reader

log = structlog.get_logger(__name__)

_MOST_SHRINKS: Final = 3
_SHRINK: Final = 0.6
_DOCUMENT_SHARE: Final = 0.75
"""Of the room beside the question, the most that documents take; the rest is for the history."""


_CUT_OFF: Final = mark("The answer was cut off at its length limit; ask me to go on.")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is written to its end.

    Attributes:
        markdown: What the model said, its page references checked.
        reasoning: How it came to that, "" if there was none.
        note: Plain sentences on what was read and what was cut off, or None.
        left: How many pages of the documents are left to be read on request.
        seconds: How long the model took, from the first call to the end of the answer.
        prompt_tokens: What all its calls read, as the server counted.
        completion_tokens: What they wrote, reasoning and answer.
        model: The model that answered.
        parts: For a long document, the label of each part and what was noted of it.
        sources: The documents that it cites: name and permalink.
    """

    markdown: str
    reasoning: str
    note: str | None
    left: int = 0
    seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    model: str = ""
    parts: Sequence[Sequence[str]] = ()
    sources: Sequence[Sequence[str]] = ()


@dataclass(slots=True)
class Thought:
    """What the thinking came to.

    Attributes:
        answer: The whole answer, when its chunks have passed.
        spent: What it took by now. What the server has not counted, or not yet, is estimated.
    """

    answer: Answer | None = None
    spent: Usage = field(default_factory=Usage)


class Thinker:
    """Asks the model, with as much of the conversation and documents as its context takes."""

    def __init__(
        self,
        model: Model,
        reader: Reader,
        *,
        context_tokens: int,
        answer_tokens: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        self._reader = reader
        self._context_tokens = context_tokens
        self._answer_tokens = answer_tokens
        self._clock = clock

    async def think(
        self, opened: Opened, thought: Thought
    ) -> AsyncGenerator[Progress | Chunk, None]:
        """Yield the progress of reading, then the model's chunks, page references checked.

        While the prompt overflows the model's context, ask with a shorter one. Raises ModelError.
        """
        begun_at, spent = self._clock(), Usage()
        room = prompt_room(self._context_tokens, self._answer_tokens)
        for shrinks_left in reversed(range(_MOST_SHRINKS + 1)):
            material = Material()
            share = int((room - cost_of_question(opened.question)) * _DOCUMENT_SHARE)
            if opened.transcript is not None:
                material = await asyncio.to_thread(_quote_transcript, opened, share)
            else:
                async with aclosing(self._reader.read(opened, share)) as steps:
                    async for step in steps:
                        if isinstance(step, Progress):
                            thought.spent = spent + step.usage
                            yield step
                        else:
                            material = step
            spent += material.usage
            # Long documents take long to measure; other turns go on meanwhile.
            prompt = await asyncio.to_thread(self._build, opened, material, room)
            sent = await asyncio.to_thread(_weigh, prompt)
            thought.spent = spent + Usage(prompt=sent)
            try:
                async with aclosing(self._ask(opened, material, prompt, thought)) as chunks:
                    async for chunk in chunks:
                        _count(chunk, thought, spent, seconds=self._clock() - begun_at)
                        yield chunk
            except PromptTooLong as error:
                if not shrinks_left or _is_bare(prompt):
                    raise
                limit = prompt_room(error.limit or self._context_tokens, self._answer_tokens)
                # What was sent may have been far less than the room.
                room = int(min(min(room, sent) * _SHRINK, max(limit, 0) or room))
                log.warning("prompt_shrunk", room=room, limit=error.limit)
            else:
                return

    async def _ask(
        self, opened: Opened, material: Material, prompt: Prompt, thought: Thought
    ) -> AsyncGenerator[Chunk, None]:
        if not material.quoted:
            async with aclosing(self._model.stream(prompt)) as chunks:
                async for chunk in chunks:
                    if isinstance(chunk, Completion):
                        thought.answer = _sum_up(opened, material, chunk)
                    yield chunk
            return
        # A long history takes a while to read.
        said = await asyncio.to_thread(_find_said_links, opened)
        links = LinkRule(material.addresses | said)
        citations = CitationFilter(material.marks, material.evidence, links, opened.language)
        messages = MessageCitations(material.messages)
        written: list[str] = []
        async with aclosing(self._model.stream(prompt)) as chunks:
            async for chunk in chunks:
                if isinstance(chunk, AnswerChunk):
                    written.append(messages.feed(citations.feed(chunk.text)))
                elif isinstance(chunk, Completion):
                    written.append(messages.feed(citations.flush()) + messages.flush())
                else:
                    yield chunk
                    continue
                if written[-1]:
                    yield AnswerChunk(written[-1])
                if isinstance(chunk, Completion):
                    checked = replace(
                        chunk,
                        answer="".join(written).strip(),
                        reasoning=links.disarm(chunk.reasoning),
                    )
                    thought.answer = _sum_up(opened, material, checked, citations.remark())
                    yield checked

    def _build(self, opened: Opened, material: Material, room: int) -> Prompt:
        unread = tuple(ENGLISH.put(one.reason) for one in opened.unread)
        return build_prompt(
            _phrase_question(opened, material),
            opened.history,
            Quoted(material.quoted, material.remarks + unread),
            reasoning=opened.reasoning,
            room=room,
            answer_tokens=self._answer_tokens,
            manner=replace(opened.manner, rules=TRANSCRIPT_RULES)
            if opened.transcript
            else opened.manner,
            model=opened.model,
        )


def _quote_transcript(opened: Opened, room: int) -> Material:
    """Quote a conversation that is to be summed up, as much of it as the room takes."""
    assert opened.transcript is not None  # noqa: S101  # the caller has seen it
    quotation = opened.transcript.quote(room)
    return Material(
        quoted=quotation.text,
        remarks=(quotation.remark,),
        told=(quotation.tell(opened.language),),
        addresses=find_urls(quotation.text) | frozenset(quotation.links.values()),
        messages=quotation.links,
    )


def _count(chunk: Chunk, thought: Thought, before: Usage, *, seconds: float) -> None:
    """Note what was spent with a chunk; at last, with what the server has counted."""
    if not isinstance(chunk, Completion):
        # Servers stream about a token at a time.
        thought.spent += Usage(completion=1)
        return
    counted = before + chunk.usage
    if chunk.usage.completion:
        thought.spent = counted
    if thought.answer is not None:
        thought.answer = replace(
            thought.answer,
            seconds=seconds,
            prompt_tokens=counted.prompt,
            completion_tokens=counted.completion,
        )


def _phrase_question(opened: Opened, material: Material) -> UserMessage:
    """What the model is asked: the person's words, or what they go without saying."""
    said = opened.question.text
    if opened.transcript is not None:
        request = CATCH_UP_REQUEST.format(asker=clean_name(opened.question.author_name))
        return replace(opened.question, text=f"{said}\n\n{request}".strip())
    if material.request is not None:
        return replace(opened.question, text=material.request)
    return opened.question if said else replace(opened.question, text=COMMENT_REQUEST)


def _sum_up(
    opened: Opened, material: Material, completion: Completion, remark: str | None = None
) -> Answer:
    unread = (opened.language.put(one.reason) for one in opened.unread)
    cut_off = opened.language.say(_CUT_OFF) if completion.truncated else None
    note = "\n".join(filter(None, (*material.told, *unread, remark, cut_off)))
    return Answer(
        completion.answer,
        completion.reasoning,
        note or None,
        material.left,
        model=completion.model,
        parts=material.parts,
        sources=_find_cited(completion.answer, material),
    )


def _find_cited(answer: str, material: Material) -> tuple[tuple[str, str], ...]:
    """Return the documents that an answer cites, in the order in which they were read."""
    cited = {
        span.document
        for mark in find_marks(answer, material.marks)
        for citation in mark.citations
        for span in citation.spans
    }
    return tuple((name, permalink) for name, permalink in material.sources if name in cited)


def _find_said_links(opened: Opened) -> frozenset[str]:
    """Return the links that people wrote; what the model wrote before is none of them."""
    said = [message.text for message in opened.history if isinstance(message, UserMessage)]
    linked = [one.text for one in opened.linked]
    return find_urls("\n".join([*said, opened.question.text, *linked]))


def _weigh(prompt: Prompt) -> int:
    return sum(estimate_tokens(message.text) + MESSAGE_OVERHEAD for message in prompt.messages)


def _is_bare(prompt: Prompt) -> bool:
    """Whether nothing can be left out any more: only rules and a question without documents."""
    return len(prompt.messages) == 2 and prompt.messages[-1].text.count("\n| ") == 0
