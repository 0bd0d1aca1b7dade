"""The model is down, slow, busy, or answers with nonsense; and then it is back."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chatting import ALICE, BOT, DIRECT, GENERAL, Chat, buttons, chatting, say, shown
from tests.model.server import ModelServer, Reply, chunk, failure, frame, stream

PAGE = b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"
TROUBLE = {"error": {"code": 502, "message": "secret internals of the provider"}}
BUSY = failure(429, {"error": {"message": "secret internals"}}, Retry_After="3600")
SILENT = Reply(ending="hang", held=True)

PASSING = {
    "busy, says how long": failure(429, {"error": {"message": "slow down"}}, Retry_After="1"),
    "busy, does not say": failure(429, {}),
    "trouble": failure(503, TROUBLE),
    "a page in place of JSON": Reply([PAGE], headers={"Content-Type": "text/html"}),
    "a page as an error": Reply([PAGE], status=502, headers={"Content-Type": "text/html"}),
    "cut before the first word": Reply(ending="cut"),
    "cut while it thinks": Reply([frame(chunk(reasoning="Hm."))], ending="cut"),
    "an error in the stream": stream(chunk(reasoning="Hm."), TROUBLE),
    "an end without an answer": stream(chunk(reasoning="Hm."), chunk(finish="stop")),
}


def texts(chat: Chat, channel: str, ts: str) -> list[str]:
    return [shown(one) for one in chat.replies(channel, ts)]


@pytest.mark.parametrize("weather", PASSING.values(), ids=PASSING)
async def test_what_passes_is_noticed_by_nobody(tmp_path: Path, weather: Reply) -> None:
    async with chatting(tmp_path, [weather, say("Hello!", "I greet.")]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "hi")
        [answer] = await chat.answers(DIRECT, ts)

        assert shown(answer) == "Hello!"
        assert len(chat.model.requests) == 2


@pytest.mark.parametrize(
    ("weather", "told", "seconds"),
    [
        (BUSY, "The model is very busy right now.", "60"),
        (SILENT, "I can't reach the model right now.", "1"),
        (Reply(ending="pulse"), "I can't reach the model right now.", "1"),
    ],
    ids=["busy for an hour", "silent", "signs of life alone"],
)
async def test_what_does_not_pass_is_said_and_retry_answers_when_it_is_over(
    tmp_path: Path, weather: Reply, told: str, seconds: str
) -> None:
    replies = [weather, say("Hello!")]
    async with chatting(tmp_path, replies, ALOUD_MODEL_SECONDS=seconds) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "hi")
        [error] = await chat.answers(DIRECT, ts)
        assert error.text.startswith(told)
        assert "internals" not in str(error)
        assert buttons(error) == ["retry"]
        await chat.settled()

        await chat.slack.press(ALICE, DIRECT, error.ts, "retry")
        await chat.slack.wait_for(lambda: texts(chat, DIRECT, ts) == ["Hello!"], timeout=15)


async def test_a_model_that_was_down_answers_without_a_restart_of_ours(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/v1"
    async with chatting(tmp_path, MODEL_BASE_URL=url) as chat:
        ts = await chat.slack.post(ALICE, GENERAL, f"<@{BOT}> hi")
        [error] = await chat.answers(GENERAL, ts)
        assert error.text.startswith("I can't reach the model right now.")
        await chat.settled()

        back = ModelServer()
        back.replies = [say("Hello!")]
        async with back.serve(unused_tcp_port):
            await chat.slack.press(ALICE, GENERAL, error.ts, "retry")
            await chat.slack.wait_for(lambda: texts(chat, GENERAL, ts) == ["Hello!"], timeout=15)


async def test_an_error_in_mid_answer_leaves_what_was_written_and_says_so(tmp_path: Path) -> None:
    words = [chunk(f"word {n} ") for n in range(100)]
    broken = replace(stream(chunk(reasoning="Hm."), *words, TROUBLE), pause_at=100)
    async with chatting(tmp_path, [broken]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "count")
        await chat.slack.wait_for(lambda: chat.slack.calls_of("chat.startStream"))
        broken.go_on.set()
        partial, error = await chat.answers(DIRECT, ts, 2)

        assert shown(partial).startswith("word 0 word 1 ")
        assert error.text.startswith("The model's answer broke off.")
        assert "internals" not in str(error)
        assert len(chat.model.requests) == 1


async def test_while_the_first_word_is_awaited_the_status_says_that_it_thinks(
    tmp_path: Path,
) -> None:
    slow = replace(say("Hello!", "Hm."), pause_at=0)
    async with chatting(tmp_path, [slow]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "hi")
        await chat.slack.wait_for(
            lambda: chat.slack.workspace.status_of((DIRECT, ts)) == "is thinking…", timeout=15
        )
        slow.go_on.set()
        await chat.answers(DIRECT, ts)
        await chat.settled()

        assert texts(chat, DIRECT, ts) == ["Hello!"]
        assert chat.slack.workspace.status_of((DIRECT, ts)) == ""


async def test_another_model_takes_over_and_gives_back(tmp_path: Path) -> None:
    spare = ModelServer()
    spare.replies = [say("From the spare.")]
    async with spare.serve():
        fallback = spare.url.replace("/v1", "/v1#spare")
        replies = [BUSY, say("From the first.")]
        async with chatting(tmp_path, replies, MODEL_FALLBACKS=fallback) as chat:
            ts = await chat.slack.post(ALICE, DIRECT, "one")
            await chat.answers(DIRECT, ts)
            await chat.slack.post(ALICE, DIRECT, "two", ts)
            await chat.answers(DIRECT, ts, 2)

            assert texts(chat, DIRECT, ts) == ["From the spare.", "From the first."]
            assert [one.body["model"] for one in spare.requests] == ["spare"]


async def test_a_model_that_is_down_holds_up_no_stop(tmp_path: Path) -> None:
    async with chatting(tmp_path, [SILENT]) as chat:
        ts = await chat.slack.post(ALICE, DIRECT, "hi")
        await chat.model.asked()
        await chat.slack.stop(ALICE, DIRECT, ts)
        async with asyncio.timeout(10):
            await chat.model.left.wait()
        [note] = await chat.answers(DIRECT, ts)
        assert buttons(note) == ["regenerate"]
