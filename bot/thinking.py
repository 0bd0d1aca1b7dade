"""The second stage of a turn: from what was opened to the model's chunks."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

import structlog

from bot.conversation.budget import estimate_tokens, prompt_room
from bot.conversation.messages import Chunk, Completion, Prompt, UserMessage
from bot.conversation.ports import Model
from bot.conversation.prompt import (
    COMMENT_REQUEST,
    Reading,
    build_prompt,
    cost_of_question,
    request_summary,
)
from bot.documents.excerpt import select
from bot.errors import PromptTooLong
from bot.opening import Opened

log = structlog.get_logger(__name__)

_MOST_SHRINKS: Final = 3
_SHRINK: Final = 0.6
_DOCUMENT_SHARE: Final = 0.75
"""Of the room beside the question, the most that documents take; the rest is for the history."""


_CUT_OFF: Final = "The answer was cut off at its length limit; ask me to go on."


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is written to its end.

    Attributes:
        markdown: What the model said.
        reasoning: How it came to that, "" if there was none.
        note: Plain sentences on what was read and what was cut off, or None.
    """

    markdown: str
    reasoning: str
    note: str | None


@dataclass(slots=True)
class Thought:
    """What the thinking came to: the whole answer, when its chunks have passed."""

    answer: Answer | None = None


class Thinker:
    """Asks the model, with as much of the conversation and documents as its context takes."""

    def __init__(
        self, model: Model, *, think: bool, context_tokens: int, answer_tokens: int
    ) -> None:
        self._model = model
        self._think = think
        self._context_tokens = context_tokens
        self._answer_tokens = answer_tokens

    async def think(self, opened: Opened, thought: Thought) -> AsyncGenerator[Chunk, None]:
        """Yield the model's chunks; while the prompt overflows its context, ask with a shorter one.

        Raises ModelError.
        """
        room = prompt_room(self._context_tokens, self._answer_tokens)
        for shrinks_left in reversed(range(_MOST_SHRINKS + 1)):
            # Long documents take long to measure; other turns go on meanwhile.
            prompt, told = await asyncio.to_thread(self._build, opened, room)
            try:
                async with aclosing(self._model.stream(prompt)) as chunks:
                    async for chunk in chunks:
                        if isinstance(chunk, Completion):
                            notes = [*told, *([_CUT_OFF] if chunk.truncated else [])]
                            note = " ".join(notes) or None
                            thought.answer = Answer(chunk.answer, chunk.reasoning, note)
                        yield chunk
            except PromptTooLong as error:
                if not shrinks_left or _is_bare(prompt):
                    raise
                limit = prompt_room(error.limit or self._context_tokens, self._answer_tokens)
                room = int(min(room * _SHRINK, max(limit, 0) or room))
                log.warning("prompt_shrunk", room=room, limit=error.limit)
            else:
                return

    def _build(self, opened: Opened, room: int) -> tuple[Prompt, tuple[str, ...]]:
        question = _phrase_question(opened)
        documents = [*opened.fresh, *opened.earlier]
        if opened.wants_summary or (opened.fresh and not opened.question.text):
            documents = list(opened.fresh)
        reading, told = Reading(), tuple[str, ...]()
        if documents:
            selection = select(
                documents,
                int((room - cost_of_question(question)) * _DOCUMENT_SHARE),
                estimate_tokens,
                None if question is not opened.question else question.text,
                boundary=secrets.token_hex(4),
            )
            sentences = [f"{one.name}: {one.sentence}" for one in selection.coverage]
            reading = Reading(selection.text, tuple(sentences))
            # Of what was read in full before, nobody needs to be told at every question.
            told = tuple(
                sentence
                for sentence, one, document in zip(
                    sentences, selection.coverage, documents, strict=True
                )
                if document in opened.fresh or not one.complete
            )
        unread = tuple(one.reason for one in opened.unread)
        prompt = build_prompt(
            question,
            opened.history,
            replace(reading, remarks=reading.remarks + unread),
            reasoning=self._think if opened.reasoning is None else opened.reasoning,
            room=room,
            answer_tokens=self._answer_tokens,
        )
        return prompt, told + unread


def _phrase_question(opened: Opened) -> UserMessage:
    """What the model is asked: the person's words, or what they go without saying."""
    said = opened.question.text
    if opened.fresh and (opened.wants_summary or not said):
        asked = request_summary(len(opened.fresh))
        if said:
            asked = f"{said}\n\n(That was written with the shared files.) {asked}"
        return replace(opened.question, text=asked)
    return opened.question if said else replace(opened.question, text=COMMENT_REQUEST)


def _is_bare(prompt: Prompt) -> bool:
    """Whether nothing can be left out any more: only rules and a question without documents."""
    return len(prompt.messages) == 2 and prompt.messages[-1].text.count("\n| ") == 0
