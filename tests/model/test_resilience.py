import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs
from typing_extensions import override

from bot.conversation.messages import AnswerChunk, Chunk, Completion, Prompt, ReasoningChunk
from bot.errors import (
    ModelBlank,
    ModelBusy,
    ModelError,
    ModelGone,
    ModelInterrupted,
    ModelOutOfCredit,
    ModelRefused,
    ModelRejected,
    ModelUnauthorized,
    ModelUnreachable,
    PromptTooLong,
)
from bot.model.client import ModelClient
from bot.model.resilience import ResilientModel
from tests.model.asking import Outcome, gather_outcome, make_prompt
from tests.model.server import ModelServer, answer, chunk, failure, stream

TRACE = ReasoningChunk("Hm.")
PIECE = AnswerChunk("Hello.")


def complete(model: str = "m", *, reasoning: str = "") -> Completion:
    return Completion(answer="Hello.", reasoning=reasoning, truncated=False, model=model)


WHOLE = (PIECE, complete())


class ScriptedModel:
    """Plays one script per attempt, the last one for ever; remembers the prompts."""

    def __init__(self, *scripts: Sequence[Chunk | ModelError], name: str = "scripted") -> None:
        self.name = name
        self._scripts = list(scripts)
        self.prompts: list[Prompt] = []
        self.open = 0

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        self.prompts.append(prompt)
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        self.open += 1
        try:
            for item in script:
                if isinstance(item, ModelError):
                    raise item
                yield item
        finally:
            self.open -= 1


class Clock:
    """Time that passes only while someone sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def build(
    clock: Clock,
    *models: ScriptedModel,
    attempts: int = 3,
    deadline: float = 120.0,
    chance: float = 0.0,
) -> ResilientModel:
    return ResilientModel(
        models,
        attempts=attempts,
        deadline=deadline,
        clock=clock,
        sleep=clock.sleep,
        chance=lambda: chance,
    )


async def ask(model: ResilientModel, *, reasoning: bool = True) -> Outcome:
    return await gather_outcome(model.stream(make_prompt(reasoning=reasoning)))


async def test_an_answer_passes_through_untouched(clock: Clock) -> None:
    model = ScriptedModel((TRACE, *WHOLE))
    assert (await ask(build(clock, model))).chunks == (TRACE, *WHOLE)
    assert clock.slept == []


@pytest.mark.parametrize(
    "error", [ModelUnreachable("x"), ModelBusy("x"), ModelInterrupted("x"), ModelBlank("x")]
)
async def test_what_may_pass_is_tried_again(clock: Clock, error: ModelError) -> None:
    model = ScriptedModel((error,), (error,), WHOLE)
    outcome = await ask(build(clock, model), reasoning=False)
    assert outcome.chunks == WHOLE
    assert len(model.prompts) == 3


async def test_the_attempts_are_counted(clock: Clock) -> None:
    model = ScriptedModel((ModelBusy("x"),))
    assert isinstance((await ask(build(clock, model, attempts=4))).error, ModelBusy)
    assert len(model.prompts) == 4


@pytest.mark.parametrize(("chance", "pauses"), [(0.0, [0.5, 1, 2, 4, 8, 8]), (1.0, [0.375, 0.75])])
async def test_pauses_double_up_to_a_limit_with_jitter(
    clock: Clock, chance: float, pauses: list[float]
) -> None:
    model = ScriptedModel((ModelUnreachable("x"),))
    await ask(build(clock, model, attempts=7, chance=chance))
    assert clock.slept[: len(pauses)] == pauses


async def test_the_wait_a_server_asks_for_is_kept(clock: Clock) -> None:
    model = ScriptedModel(
        (ModelBusy("x", retry_after=30),), (ModelBusy("x", retry_after=0.1),), WHOLE
    )
    await ask(build(clock, model))
    assert clock.slept == [30, 1.0]


async def test_a_wait_beyond_the_deadline_is_not_begun(clock: Clock) -> None:
    model = ScriptedModel((ModelBusy("x", retry_after=121),))
    assert isinstance((await ask(build(clock, model))).error, ModelBusy)
    assert clock.slept == []


async def test_no_attempt_begins_after_the_deadline(clock: Clock) -> None:
    class SlowModel(ScriptedModel):
        @override
        async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
            clock.now += 50
            async for item in super().stream(prompt):
                yield item

    model, spare = SlowModel((ModelUnreachable("x"),)), ScriptedModel(WHOLE)
    outcome = await ask(build(clock, model, spare, attempts=9, deadline=120))
    assert isinstance(outcome.error, ModelUnreachable)
    assert len(model.prompts) == 3
    assert spare.prompts == []


async def test_reasoning_that_was_yielded_does_not_forbid_another_try(clock: Clock) -> None:
    model = ScriptedModel(
        (TRACE, ModelInterrupted("x")),
        (ReasoningChunk("Anew."), PIECE, complete(reasoning="Anew.")),
    )
    outcome = await ask(build(clock, model))
    assert outcome.trace == "Hm.Anew."
    assert outcome.completion.reasoning == "Anew."


async def test_an_answer_that_was_begun_forbids_another_try(clock: Clock) -> None:
    model = ScriptedModel((PIECE, ModelInterrupted("x")), WHOLE)
    spare = ScriptedModel(WHOLE)
    outcome = await ask(build(clock, model, spare))
    assert isinstance(outcome.error, ModelInterrupted)
    assert outcome.chunks == (PIECE,)
    assert spare.prompts == []


@pytest.mark.parametrize(
    "error",
    [ModelGone("x"), ModelUnauthorized("x"), ModelOutOfCredit("x"), ModelRejected("x")],
)
async def test_what_will_not_pass_goes_to_the_next_model_at_once(
    clock: Clock, error: ModelError
) -> None:
    model, spare = ScriptedModel((error,)), ScriptedModel((PIECE, complete("spare")))
    assert (await ask(build(clock, model, spare))).completion.model == "spare"
    assert len(model.prompts) == 1
    assert clock.slept == []
    assert (await ask(build(clock, model))).error is error


async def test_the_next_model_is_asked_after_the_attempts_of_the_first(clock: Clock) -> None:
    model, spare = ScriptedModel((ModelBusy("x"),)), ScriptedModel((PIECE, complete("spare")))
    assert (await ask(build(clock, model, spare))).completion.model == "spare"
    assert (len(model.prompts), len(spare.prompts)) == (3, 1)


async def test_a_long_wait_is_not_kept_when_another_model_stands_by(clock: Clock) -> None:
    model = ScriptedModel((ModelBusy("x", retry_after=30),))
    spare = ScriptedModel((PIECE, complete("spare")))
    assert (await ask(build(clock, model, spare))).completion.model == "spare"
    assert clock.slept == []


@pytest.mark.parametrize("error", [PromptTooLong("x", limit=8192), ModelRefused("x")])
async def test_what_only_the_turn_can_mend_passes_through(clock: Clock, error: ModelError) -> None:
    model, spare = ScriptedModel((error,)), ScriptedModel(WHOLE)
    assert (await ask(build(clock, model, spare))).error is error
    assert spare.prompts == []


async def test_when_all_fail_the_error_that_may_pass_is_told(clock: Clock) -> None:
    gone, busy = ScriptedModel((ModelGone("x"),)), ScriptedModel((ModelBusy("x"),))
    keyless = ScriptedModel((ModelUnauthorized("x"),))
    assert isinstance((await ask(build(clock, gone, busy))).error, ModelBusy)
    assert isinstance((await ask(build(clock, busy, gone))).error, ModelBusy)
    assert isinstance((await ask(build(clock, gone, keyless))).error, ModelGone)


async def test_a_blank_answer_is_tried_once_more_without_reasoning(clock: Clock) -> None:
    model = ScriptedModel((TRACE, ModelBlank("x")), WHOLE)
    outcome = await ask(build(clock, model, attempts=1))
    assert outcome.completion.answer == "Hello."
    assert [prompt.reasoning for prompt in model.prompts] == [True, False]
    assert clock.slept == []


async def test_a_blank_answer_without_reasoning_is_an_ordinary_failure(clock: Clock) -> None:
    model = ScriptedModel((ModelBlank("x"),))
    outcome = await ask(build(clock, model, attempts=2))
    assert isinstance(outcome.error, ModelBlank)
    assert [prompt.reasoning for prompt in model.prompts] == [True, False, False]


async def test_closing_the_stream_closes_the_model_and_frees_its_place(clock: Clock) -> None:
    model = ScriptedModel(WHOLE)
    resilient = ResilientModel([model], parallel=1)
    for _ in range(3):
        async with aclosing(resilient.stream(make_prompt())) as chunks, asyncio.timeout(10):
            assert await anext(chunks) == PIECE
            assert model.open == 1
        assert model.open == 0


async def test_no_more_streams_are_open_than_allowed() -> None:
    model = ScriptedModel(WHOLE)
    resilient = ResilientModel([model], parallel=2)
    first, second, third = (resilient.stream(make_prompt()) for _ in range(3))
    await anext(first)
    await anext(second)
    waiting = asyncio.ensure_future(anext(third))
    await asyncio.wait([waiting], timeout=0.01)
    assert model.open == 2
    await first.aclose()
    async with asyncio.timeout(10):
        assert await waiting == PIECE
    assert model.open == 2
    await second.aclose()
    await third.aclose()


async def test_a_place_is_free_during_a_pause() -> None:
    paused, go_on = asyncio.Event(), asyncio.Event()

    async def sleep(seconds: float) -> None:
        paused.set()
        await go_on.wait()

    model = ScriptedModel((ModelBusy("x"),), WHOLE)
    resilient = ResilientModel([model], parallel=1, sleep=sleep)
    waiting = asyncio.create_task(ask(resilient))
    async with asyncio.timeout(10):
        await paused.wait()
        assert (await ask(resilient)).chunks == WHOLE
        go_on.set()
        assert (await waiting).chunks == WHOLE


async def test_over_real_http_it_gets_to_the_answer_and_logs_no_secret(
    clock: Clock, http: httpx.AsyncClient, server: ModelServer
) -> None:
    server.replies = [
        failure(429, {"message": "Too Many Requests", "statusCode": "429"}, Retry_After="2"),
        stream(chunk(reasoning="Hm."), chunk("", finish="length")),
        stream(chunk(reasoning="Hm.")),
        failure(404, {"error": {"message": "no key-123 here"}}),
        answer(),
    ]
    first, second = (
        ModelClient(http, base_url=server.url, name=name, api_key=SecretStr("key-123"))
        for name in ("first", "second")
    )
    resilient = ResilientModel([first, second], clock=clock, sleep=clock.sleep)
    with capture_logs() as logs:
        outcome = await gather_outcome(resilient.stream(make_prompt("private")))
    assert outcome.completion == Completion("Hi.", "", truncated=False, model="second")
    assert [request.body["model"] for request in server.requests] == ["first"] * 4 + ["second"]
    flags = [request.body["messages"][-1]["content"].split()[-1] for request in server.requests]
    assert flags == ["/think", "/think", "/no_think", "/no_think", "/no_think"]
    assert clock.slept[0] == 2
    assert [event["error"] for event in logs if event["event"] == "model_attempt_failed"] == [
        "ModelBusy",
        "ModelBlank",
        "ModelInterrupted",
        "ModelGone",
    ]
    assert not any(secret in repr(logs) for secret in ("key-123", "private", "Hm."))


async def test_the_model_that_a_prompt_names_is_asked_first_and_the_others_stand_by(
    clock: Clock,
) -> None:
    first = ScriptedModel([PIECE, complete()], name="first")
    second = ScriptedModel([ModelGone("no more")], name="second")
    resilient = ResilientModel([first, second], clock=clock, sleep=clock.sleep)

    outcome = await gather_outcome(resilient.stream(replace(make_prompt(), model="second")))

    assert outcome.completion is not None
    assert len(second.prompts) == len(first.prompts) == 1


async def test_a_model_that_is_not_there_any_more_changes_nothing(clock: Clock) -> None:
    first, second = (ScriptedModel(WHOLE, name=name) for name in ("first", "second"))
    resilient = ResilientModel([first, second], clock=clock, sleep=clock.sleep)

    await gather_outcome(resilient.stream(replace(make_prompt(), model="gone")))

    assert (len(first.prompts), len(second.prompts)) == (1, 0)
