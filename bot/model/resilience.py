"""Asks again, asks another model, and asks for only so much at a time: a wrapper over the port."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

import structlog

from bot.conversation.messages import AnswerChunk, Chunk, Prompt
from bot.conversation.ports import Model
from bot.errors import (
    ModelBlank,
    ModelBusy,
    ModelError,
    ModelInterrupted,
    ModelRefused,
    ModelUnreachable,
    PromptTooLong,
)

log = structlog.get_logger(__name__)

# As openai-python waits (`_base_client.py`): 0.5 s doubling up to 8 s, less up to a quarter.
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0
_JITTER = 0.25

_PASSING = (ModelUnreachable, ModelBusy, ModelInterrupted, ModelBlank)
# The turn shortens the prompt itself; and what one model declines, no other is asked for.
_FINAL = (PromptTooLong, ModelRefused)


class NamedModel(Model, Protocol):
    """A model that can be told from others."""

    @property
    def name(self) -> str:
        """What its server calls it."""
        ...


class ResilientModel:
    """The `Model` port over several models, the prompt's own or else the first being preferred.

    An attempt that fails before any `AnswerChunk` was yielded is followed by another: by the same
    model after a pause, if its error may pass, then by the next one. The pause grows, is as long
    as the server's `retry_after` if that is longer, and is skipped in favour of the next model
    when it would be long. Once a piece of the answer is out, an error propagates and what was
    written stays. `ReasoningChunk`s are progress and no more: a new attempt begins its trace from
    the start, and the trace is `Completion.reasoning`.

    A blank answer with reasoning is followed at once by an attempt without, since the trace has
    mostly used up the room (nebius/api#211). `PromptTooLong` and `ModelRefused` propagate.

    Args:
        models: In order of preference, at least one.
        attempts: How often to ask one model, at most.
        deadline: Seconds after which no new attempt begins; one that runs is not cut off.
        parallel: How many streams may be open at a time; AI/ML API also limits concurrency.
        clock: Seconds, monotonic.
        sleep: Waits that many seconds.
        chance: A random number from 0 to 1.
    """

    def __init__(
        self,
        models: Sequence[NamedModel],
        *,
        attempts: int = 3,
        deadline: float = 120.0,
        parallel: int = 4,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._models = tuple(models)
        self._attempts = attempts
        self._deadline = deadline
        self._places = asyncio.Semaphore(parallel)
        self._clock = clock
        self._sleep = sleep
        self._chance = chance

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """Yield the chunks of the first attempt that gets as far as an answer.

        Raises:
            ModelError: The error of the attempt that had begun to answer; else, when all models
                have failed, the first one that may pass in time, or the first of all.
        """
        ends = self._clock() + self._deadline
        errors: list[ModelError] = []
        # Sorted as they are, but for the one that is wanted first.
        models = sorted(self._models, key=lambda one: one.name != prompt.model)
        for spares, model in zip(reversed(range(len(models))), models, strict=True):
            failures = 0
            while failures < self._attempts and (not errors or self._clock() < ends):
                answering = False
                try:
                    async with self._places, aclosing(model.stream(prompt)) as chunks:
                        async for chunk in chunks:
                            answering = answering or isinstance(chunk, AnswerChunk)
                            yield chunk
                        return
                except ModelError as error:
                    _log_failure(model, error)
                    if answering or isinstance(error, _FINAL):
                        raise
                    errors.append(error)
                if prompt.reasoning and isinstance(errors[-1], ModelBlank):
                    prompt = replace(prompt, reasoning=False)
                    continue
                failures += 1
                pause = self._plan_pause(errors[-1], failures)
                left = ends - self._clock()
                patience = min(_LONGEST_PAUSE, left) if spares else left
                if pause is None or pause > patience:
                    break
                await self._sleep(pause)
        raise next((error for error in errors if error.retryable), errors[0])

    def _plan_pause(self, error: ModelError, failures: int) -> float | None:
        """Return the seconds before this model is asked again, None if it shall not be."""
        if failures == self._attempts or not isinstance(error, _PASSING):
            return None
        backoff = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (failures - 1))
        return max(backoff * (1 - _JITTER * self._chance()), error.retry_after or 0.0)


def _log_failure(model: Model, error: ModelError) -> None:
    log.warning(
        "model_attempt_failed",
        model=repr(model),
        error=type(error).__name__,
        status=error.status,
        detail=str(error),
    )
