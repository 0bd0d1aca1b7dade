"""The client over real HTTP, against every dialect, framing, quirk and fault of model servers."""

import asyncio
import json
from contextlib import aclosing
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.conversation.messages import AnswerChunk, Completion, ReasoningChunk, Usage
from bot.errors import (
    ModelBlank,
    ModelError,
    ModelGone,
    ModelInterrupted,
    ModelRefused,
    ModelUnauthorized,
    ModelUnreachable,
    PromptTooLong,
    SettingsError,
)
from bot.model.client import ModelClient, build_http
from tests.model.asking import Outcome, gather_outcome, make_prompt
from tests.model.bodies import IN_STREAM, OVERFLOWS, REPLIES
from tests.model.server import (
    JSON,
    ModelServer,
    Reply,
    answer,
    chunk,
    failure,
    frame,
    stream,
)

KEY = "sk-0123456789abcdef"
HELLO = chunk("Hello")
STOP = chunk(finish="stop")
USAGE = {"choices": [], "usage": {"prompt_tokens": 14, "completion_tokens": 84}}


def build_client(
    http: httpx.AsyncClient, server: ModelServer, *, deadline: float = 30.0, idle: float = 30.0
) -> ModelClient:
    return ModelClient(
        http,
        base_url=server.url,
        name="nvidia/nemotron-nano-9b-v2",
        api_key=SecretStr(KEY),
        deadline=deadline,
        idle=idle,
    )


class Asker:
    """Asks the server once, with the reply to give."""

    def __init__(self, http: httpx.AsyncClient, server: ModelServer) -> None:
        self._http = http
        self._server = server

    async def __call__(
        self, reply: Reply, *, reasoning: bool = True, deadline: float = 30.0, idle: float = 30.0
    ) -> Outcome:
        self._server.replies = [reply]
        client = build_client(self._http, self._server, deadline=deadline, idle=idle)
        return await gather_outcome(client.stream(make_prompt(reasoning=reasoning)))


@pytest.fixture
def ask(http: httpx.AsyncClient, server: ModelServer) -> Asker:
    return Asker(http, server)


@pytest.mark.parametrize("slash", ["", "/", "//"])
async def test_the_request(http: httpx.AsyncClient, server: ModelServer, slash: str) -> None:
    server.replies = [answer()]
    client = ModelClient(
        http, base_url=server.url + slash, name="some/model", api_key=SecretStr(f" {KEY}\n")
    )
    await gather_outcome(client.stream(make_prompt("Why?")))
    [request] = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/json"
    assert request.body["model"] == "some/model"
    assert request.body["stream"] is True
    assert request.body["messages"][-1] == {"role": "user", "content": "Why?\n\n/think"}


@pytest.mark.parametrize("key", [None, SecretStr(""), SecretStr(" ")])
async def test_without_a_key_there_is_no_authorization(
    http: httpx.AsyncClient, server: ModelServer, key: SecretStr | None
) -> None:
    server.replies = [answer()]
    client = ModelClient(http, base_url=server.url, name="local", api_key=key)
    await gather_outcome(client.stream(make_prompt()))
    assert "authorization" not in server.requests[0].headers


# Where the reasoning stands: one reply per dialect, streamed and whole.

_DIALECTS: list[Any] = [
    pytest.param(
        [
            {"role": "assistant", "content": "", "reasoning": None},
            {
                "content": "",
                "reasoning": "Hm, ",
                "reasoning_details": [{"type": "reasoning.text", "text": "Hm, ", "index": 0}],
            },
            {
                "content": "",
                "reasoning": "so.\n",
                "reasoning_details": [{"type": "reasoning.text", "text": "so.\n", "index": 0}],
            },
            {"content": "\n\nHel"},
            {"content": "lo.\n"},
        ],
        id="OpenRouter and AI/ML API: reasoning and reasoning_details",
    ),
    pytest.param(
        [
            {"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm, so."}]},
            {"reasoning_details": [{"type": "reasoning.encrypted", "data": "zzz"}]},
            {"content": "Hello."},
        ],
        id="OpenRouter: reasoning_details alone",
    ),
    pytest.param(
        [
            {"role": "assistant", "content": None, "reasoning_content": ""},
            {"content": None, "reasoning_content": "Hm, "},
            {"content": None, "reasoning_content": "so."},
            {"content": "Hello.", "reasoning_content": None},
        ],
        id="AI/ML API, NIM, DeepInfra, llama.cpp, LiteLLM, old vLLM: reasoning_content",
    ),
    pytest.param(
        [{"reasoning": "Hm, so."}, {"content": "Hello."}], id="vLLM and Ollama: reasoning"
    ),
    pytest.param([{"thinking": "Hm, so."}, {"content": "Hello."}], id="thinking"),
    pytest.param(
        [
            {"reasoning_content": "Hm, so.", "thinking_blocks": [{"thinking": "Hm, so."}]},
            {"content": "Hello."},
        ],
        id="LiteLLM: thinking_blocks beside",
    ),
    pytest.param(
        [
            {"reasoning_content": "Hm, so.", "content": "<think>Hm, so."},
            {"content": "</think>Hello."},
        ],
        id="llama.cpp deepseek-legacy: both",
    ),
    pytest.param(
        [
            {"content": "Hm, so.\n</"},
            {"content": "think"},
            {"content": ">\n\n"},
            {"content": "Hello."},
        ],
        id="no parser: tags inline without opener",
    ),
    pytest.param(
        [
            {"content": "<th"},
            {"content": "ink>Hm, "},
            {"content": "so.</think"},
            {"content": ">Hello."},
        ],
        id="no parser: tags inline with opener",
    ),
]


@pytest.mark.parametrize("deltas", _DIALECTS)
async def test_dialects_streamed(ask: Asker, deltas: list[dict[str, Any]]) -> None:
    outcome = await ask(stream(*(chunk(**delta) for delta in deltas), STOP, USAGE))
    assert outcome.completion == Completion(
        answer="Hello.",
        reasoning="Hm, so.",
        truncated=False,
        model="nvidia/nemotron-nano-9b-v2",
        usage=Usage(prompt=14, completion=84),
    )
    assert outcome.trace.strip() == "Hm, so."


def whole(message: dict[str, Any], finish: str = "stop", **fields: Any) -> Reply:
    body = {
        "id": "gen-1790000001-Ab3",
        "provider": "DeepInfra",
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "logprobs": None,
                "finish_reason": finish,
                "native_finish_reason": finish,
                "message": {"role": "assistant", "refusal": None, **message},
            }
        ],
        "usage": {"prompt_tokens": 21, "completion_tokens": 60, "prompt_tokens_details": None},
        "meta": {"usage": {"credits_used": 14, "usd_spent": 0.000007}},
        **fields,
    }
    return Reply([json.dumps(body, indent=2).encode()], headers={"Content-Type": JSON})


@pytest.mark.parametrize(
    "message",
    [
        {
            "content": "\n\nHello.\n",
            "reasoning": "Hm, so.\n",
            "reasoning_details": [{"type": "reasoning.text", "text": "Hm, so.\n", "index": 0}],
        },
        {"content": "Hello.", "reasoning_content": "Hm, so."},
        {"content": "Hello.", "thinking": "Hm, so."},
        {"content": "Hm, so.\n</think>\n\nHello."},
        {"content": "<think>\nHm, so.\n</think>\n\nHello."},
    ],
)
async def test_dialects_in_a_whole_reply_to_a_streaming_request(
    ask: Asker, message: dict[str, Any]
) -> None:
    outcome = await ask(whole(message))
    assert outcome.completion.answer == "Hello."
    assert outcome.completion.reasoning == "Hm, so."
    assert outcome.completion.usage == Usage(prompt=21, completion=60)


# Framing.

_FRAMINGS: list[Any] = [
    pytest.param(
        [b": OPENROUTER PROCESSING\n\n", b": ping\n\n", frame(HELLO), b": ping\n\n", frame(STOP)],
        id="comments",
    ),
    pytest.param([b"data:\n\n", b"data: \n\n", frame(HELLO), frame(STOP)], id="empty data"),
    pytest.param([frame(HELLO), frame(STOP), b"data: [DONE]"], id="no final blank line"),
    pytest.param([frame(HELLO), frame(STOP)], id="no [DONE]"),
    pytest.param([frame(HELLO), frame(STOP).strip()], id="an unterminated last event"),
    pytest.param([frame(HELLO), frame(STOP), frame(USAGE), frame("[DONE]")], id="usage last"),
    pytest.param([frame(HELLO), frame({**STOP, "usage": USAGE["usage"]})], id="usage at finish"),
    pytest.param([frame(USAGE), frame(HELLO), frame(STOP)], id="usage first"),
    pytest.param(
        [frame(HELLO), frame(STOP), frame({"choices": [], "meta": {"usage": {}}})], id="cost last"
    ),
    pytest.param([frame(HELLO), frame(chunk("", finish="stop"))], id="finish with empty content"),
    pytest.param(
        [frame(HELLO), frame(chunk(content=None, role=None, finish="stop"))], id="null content"
    ),
    pytest.param(
        [frame(HELLO).replace(b"\n", b"\r\n"), frame(STOP).replace(b"\n", b"\r")], id="CR and CR LF"
    ),
    pytest.param([frame(HELLO), frame("ping"), frame(STOP)], id="noise"),
    pytest.param([b"\xef\xbb\xbf" + frame(HELLO) + frame(STOP)], id="byte order mark"),
]


@pytest.mark.parametrize("blocks", _FRAMINGS)
async def test_framings(ask: Asker, blocks: list[bytes]) -> None:
    outcome = await ask(Reply(blocks), reasoning=False)
    assert outcome.completion.answer == "Hello"
    has_usage = any(b"prompt_tokens" in block for block in blocks)
    assert (outcome.completion.usage == Usage(prompt=14, completion=84)) is has_usage


@pytest.mark.parametrize("status", [200, 201])
async def test_any_success_is_a_success(ask: Asker, status: int) -> None:
    assert (await ask(answer(status=status))).completion.answer == "Hi."


async def test_a_stream_may_be_cut_at_every_byte(ask: Asker) -> None:
    text = "zu\u2028zwei\u2029drei\u0085日本 😀"
    raw = b"".join(map(frame, [chunk("so</think>\n" + text), STOP])) + b"data: [DONE]"
    raw = raw.replace(b'"created": 1790000001, "model": "nvidia/nemotron-nano-9b-v2", ', b"")
    cuts = [[raw[:cut], raw[cut:]] for cut in range(len(raw))]
    for blocks in [*cuts, [bytes([byte]) for byte in raw]]:
        completion = (await ask(Reply(blocks))).completion
        assert (completion.answer, completion.reasoning) == (text, "so")


async def test_think_tags_may_be_cut_at_every_character(ask: Asker) -> None:
    for text in ("<think>so</think>\n\nyes </b>", "so</think>\n\nyes </b>"):
        for cut in range(len(text)):
            outcome = await ask(stream(chunk(text[:cut]), chunk(text[cut:]), STOP))
            assert outcome.completion.answer == outcome.answer == "yes </b>"
            assert outcome.completion.reasoning == outcome.trace == "so"


# Failures inside a stream.


@pytest.mark.parametrize(("payload", "kind"), IN_STREAM)
async def test_errors_in_a_stream_end_it_and_keep_what_was_said(
    ask: Asker, payload: dict[str, Any], kind: type[ModelError]
) -> None:
    outcome = await ask(stream(HELLO, payload), reasoning=False)
    assert outcome.answer == "Hello"
    assert type(outcome.error) is kind


@pytest.mark.parametrize(("payload", "kind"), IN_STREAM)
async def test_errors_in_a_whole_reply_with_status_200(
    ask: Asker, payload: dict[str, Any], kind: type[ModelError]
) -> None:
    reply = Reply([json.dumps(payload).encode()], headers={"Content-Type": JSON})
    assert type((await ask(reply)).error) is kind


async def test_an_error_beside_partial_content_shows_nothing(ask: Asker) -> None:
    outcome = await ask(
        whole({"content": "Hel"}, "error", error={"code": 502, "message": "Upstream failed"})
    )
    assert outcome.chunks == ()
    assert isinstance(outcome.error, ModelInterrupted)


@pytest.mark.parametrize(
    ("blocks", "kind"),
    [
        pytest.param(
            [frame({**chunk("", finish="error"), "error": {"code": 502, "message": "x"}})],
            ModelInterrupted,
            id="OpenRouter",
        ),
        pytest.param([frame(chunk("", finish="error"))], ModelInterrupted, id="finish alone"),
        pytest.param(
            [b'error: {"code":500,"message":"x","type":"server_error"}\n\n'],
            ModelInterrupted,
            id="llama.cpp error line",
        ),
        pytest.param(
            [
                b'error: {"code":400,"message":"x","type":"exceed_context_size_error"}\n\n',
            ],
            PromptTooLong,
            id="llama.cpp overflow line",
        ),
        pytest.param([b"error: out of memory\n\n"], ModelInterrupted, id="error line of text"),
        pytest.param([b"error: null\n\n"], ModelInterrupted, id="error line of nothing"),
        pytest.param(
            [b'{"error":{"message":"x","type":"backend_error"}}\n'], ModelInterrupted, id="bare"
        ),
        pytest.param(
            [b'event: error\ndata: {"message":"x","code":500}\n\n'],
            ModelInterrupted,
            id="event: error",
        ),
        pytest.param(
            [frame({"error": {"message": "x"}}), frame("[DONE]")], ModelInterrupted, id="then done"
        ),
        pytest.param([frame(chunk()), frame(chunk())], ModelInterrupted, id="Ollama goes silent"),
        pytest.param([frame("[DONE]")], ModelInterrupted, id="vLLM says done and nothing else"),
        pytest.param([], ModelInterrupted, id="nothing"),
        pytest.param([b"<html>Welcome to the hotel</html>"], ModelInterrupted, id="a web page"),
        pytest.param([b'data: {"choices": [{"del\n\n'], ModelInterrupted, id="damaged JSON"),
    ],
)
async def test_a_broken_stream_is_never_a_success(
    ask: Asker, blocks: list[bytes], kind: type[ModelError]
) -> None:
    outcome = await ask(Reply([frame(HELLO), *blocks]), reasoning=False)
    assert type(outcome.error) is kind
    assert outcome.answer == "Hello"
    outcome = await ask(Reply(blocks))
    assert type(outcome.error) is kind
    assert outcome.chunks == ()


async def test_a_dropped_connection_is_an_interruption(ask: Asker) -> None:
    outcome = await ask(Reply([frame(HELLO)], ending="cut"), reasoning=False)
    assert isinstance(outcome.error, ModelInterrupted)
    assert outcome.answer == "Hello"


@pytest.mark.parametrize(
    "reply",
    [
        Reply([frame(HELLO), frame(STOP)], ending="cut"),
        Reply([frame(HELLO), frame(STOP)], ending="hang"),
        Reply([frame(HELLO), frame(STOP), frame("[DONE]")], ending="hang"),
        Reply([frame(HELLO), frame(STOP), frame({"error": {"message": "usage failed"}})]),
    ],
)
async def test_an_answer_that_is_complete_stays_so(ask: Asker, reply: Reply) -> None:
    outcome = await ask(reply, reasoning=False, idle=0.5)
    assert outcome.completion.answer == "Hello"


# Quirks of the model and of the servers' reasoning parsers.


@pytest.mark.parametrize("content", ["", None, "\n\n"])
@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
async def test_reasoning_that_ate_the_room_is_blank(
    ask: Asker, content: str | None, field: str
) -> None:
    outcome = await ask(
        stream(chunk(**{field: "Hm, so"}), chunk(content=content), chunk(finish="length"))
    )
    assert isinstance(outcome.error, ModelBlank)
    assert outcome.answer == ""


async def test_inline_reasoning_that_ate_the_room_is_blank(ask: Asker) -> None:
    outcome = await ask(stream(chunk("Hm, so"), chunk(finish="length")))
    assert isinstance(outcome.error, ModelBlank)
    assert outcome.answer == ""


async def test_an_answer_that_met_the_limit_is_truncated(ask: Asker) -> None:
    outcome = await ask(stream(chunk(reasoning="Hm."), chunk("Hel", finish="length")))
    assert outcome.completion.truncated
    assert outcome.completion.answer == "Hel"


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
async def test_an_answer_in_the_reasoning_field_is_found(ask: Asker, field: str) -> None:
    reply = stream(chunk(content=None, **{field: "Hel"}), chunk(**{field: "lo."}), STOP)
    outcome = await ask(reply, reasoning=False)
    assert outcome.completion.answer == "Hello."
    assert outcome.completion.reasoning == ""
    assert isinstance((await ask(reply, reasoning=True)).error, ModelBlank)


@pytest.mark.parametrize("reasoning", [True, False])
@pytest.mark.parametrize("block", ["<think></think>", "<think>\n\n</think>\n\n", "</think>\n\n"])
async def test_empty_blocks_vanish(ask: Asker, block: str, reasoning: bool) -> None:
    outcome = await ask(stream(chunk(block), chunk("Hello."), STOP), reasoning=reasoning)
    assert outcome.completion.answer == outcome.answer == "Hello."
    assert outcome.completion.reasoning == ""
    assert isinstance(
        (await ask(stream(chunk(block), STOP), reasoning=reasoning)).error, ModelBlank
    )


async def test_a_block_that_is_never_closed_is_the_answer_if_there_is_no_other(ask: Asker) -> None:
    assert (await ask(stream(chunk("Hello."), STOP))).completion.answer == "Hello."
    assert (await ask(stream(chunk("<think>Hello."), STOP))).completion.answer == "Hello."
    outcome = await ask(stream(chunk("<think>Hm.", reasoning="Hm."), STOP))
    assert isinstance(outcome.error, ModelBlank)


async def test_refusals(ask: Asker) -> None:
    for reply in (
        stream(chunk(refusal="I can't help with that."), STOP),
        whole({"content": None, "refusal": "I can't help with that."}),
        stream(chunk(finish="content_filter")),
    ):
        assert isinstance((await ask(reply)).error, ModelRefused)


# Replies outside 2xx.


@pytest.mark.parametrize(("status", "payload", "kind"), REPLIES)
async def test_error_replies(ask: Asker, status: int, payload: Any, kind: type[ModelError]) -> None:
    outcome = await ask(failure(status, payload, Retry_After="7"))
    assert type(outcome.error) is kind
    assert outcome.error.status == status
    assert outcome.error.retry_after == (None if kind is PromptTooLong else 7)


@pytest.mark.parametrize(("status", "payload", "limit"), OVERFLOWS)
async def test_overflow_replies(ask: Asker, status: int, payload: Any, limit: int | None) -> None:
    error = (await ask(failure(status, payload))).error
    assert isinstance(error, PromptTooLong)
    assert error.limit == limit


async def test_a_redirect_is_not_followed_so_the_key_stays_here(ask: Asker) -> None:
    async with ModelServer().serve() as elsewhere:
        elsewhere.replies = [answer()]
        outcome = await ask(failure(307, "", Location=f"{elsewhere.url}/chat/completions"))
        assert isinstance(outcome.error, ModelGone)
        assert elsewhere.url in str(outcome.error)
        assert elsewhere.requests == []


async def test_even_a_client_that_follows_redirects_does_not(server: ModelServer) -> None:
    async with (
        ModelServer().serve() as elsewhere,
        httpx.AsyncClient(follow_redirects=True) as http,
    ):
        elsewhere.replies = [answer()]
        server.replies = [failure(307, "", Location=elsewhere.url)]
        outcome = await gather_outcome(build_client(http, server).stream(make_prompt()))
        assert isinstance(outcome.error, ModelGone)
        assert elsewhere.requests == []


# Time and connections.


async def test_nobody_there_is_unreachable(http: httpx.AsyncClient) -> None:
    async with ModelServer().serve() as server:
        client = build_client(http, server)
    outcome = await gather_outcome(client.stream(make_prompt()))
    assert isinstance(outcome.error, ModelUnreachable)


async def test_a_connection_cut_before_the_stream_is_unreachable(ask: Asker) -> None:
    assert isinstance((await ask(Reply(ending="cut"))).error, ModelUnreachable)


async def test_a_server_that_never_replies_is_given_up(ask: Asker, server: ModelServer) -> None:
    outcome = await ask(Reply(ending="hang", held=True), idle=0.05)
    assert isinstance(outcome.error, ModelUnreachable)
    async with asyncio.timeout(10):
        await server.left.wait()


async def test_an_error_body_that_never_ends_is_given_up(ask: Asker) -> None:
    outcome = await ask(Reply([b"{"], status=500, ending="hang"), idle=0.05)
    assert isinstance(outcome.error, ModelUnreachable)


@pytest.mark.parametrize(
    "pulse", [b": ping\n\n", b"data:\n\n", frame(chunk()), frame(chunk(role="assistant"))]
)
async def test_signs_of_life_without_a_token_do_not_count(ask: Asker, pulse: bytes) -> None:
    outcome = await ask(Reply(ending="pulse", pulse=pulse), idle=0.05)
    assert isinstance(outcome.error, ModelUnreachable)
    outcome = await ask(
        Reply([frame(HELLO)], ending="pulse", pulse=pulse), reasoning=False, idle=0.5
    )
    assert isinstance(outcome.error, ModelInterrupted)
    assert outcome.answer == "Hello"


async def test_an_endless_answer_ends_at_the_deadline(ask: Asker) -> None:
    outcome = await ask(
        Reply([frame(HELLO)], ending="pulse", pulse=frame(HELLO)), reasoning=False, deadline=0.5
    )
    assert isinstance(outcome.error, ModelInterrupted)
    assert outcome.answer.startswith("Hello")


async def test_a_slow_reader_does_not_make_the_server_look_stuck(
    http: httpx.AsyncClient, server: ModelServer
) -> None:
    server.replies = [stream(HELLO, HELLO, STOP)]
    client = build_client(http, server, idle=0.5)
    async with aclosing(client.stream(make_prompt(reasoning=False))) as chunks:
        await anext(chunks)
        await asyncio.sleep(0.6)
        assert [chunk async for chunk in chunks]


async def test_pieces_are_yielded_as_they_come(
    http: httpx.AsyncClient, server: ModelServer
) -> None:
    server.replies = [Reply([frame(chunk(reasoning="Hm.")), frame(HELLO)], ending="hang")]
    client = build_client(http, server)
    async with aclosing(client.stream(make_prompt())) as chunks, asyncio.timeout(10):
        assert await anext(chunks) == ReasoningChunk("Hm.")
        assert await anext(chunks) == AnswerChunk("Hello")


async def test_closing_the_stream_closes_the_connection(
    http: httpx.AsyncClient, server: ModelServer
) -> None:
    server.replies = [Reply([frame(HELLO)], ending="hang")]
    client = build_client(http, server)
    async with aclosing(client.stream(make_prompt(reasoning=False))) as chunks:
        await anext(chunks)
        assert not server.left.is_set()
    async with asyncio.timeout(10):
        await server.left.wait()


async def test_cancelling_the_reader_closes_the_connection(
    http: httpx.AsyncClient, server: ModelServer
) -> None:
    server.replies = [Reply([frame(HELLO)], ending="hang")]
    client = build_client(http, server)
    begun = asyncio.Event()

    async def read() -> None:
        async with aclosing(client.stream(make_prompt(reasoning=False))) as chunks:
            async for _ in chunks:
                begun.set()

    task = asyncio.create_task(read())
    async with asyncio.timeout(10):
        await begun.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await server.left.wait()
    assert task.cancelled()


async def test_a_finished_connection_is_used_again(ask: Asker, server: ModelServer) -> None:
    for _ in range(3):
        await ask(answer())
    await ask(failure(500, {}))
    await ask(answer())
    assert server.connections == 1


async def test_the_client_for_models_has_no_read_timeout_and_follows_nothing() -> None:
    async with build_http(connections=2) as http:
        assert http.timeout.read is None
        assert http.timeout.connect
        assert not http.follow_redirects


# Secrets.


async def test_the_key_shows_nowhere(http: httpx.AsyncClient, server: ModelServer) -> None:
    server.replies = [
        failure(401, {"error": {"message": f"Incorrect API key provided: {KEY}."}}),
        stream({"error": {"message": f"Bad key {KEY}", "code": 401}}),
        answer(),
    ]
    client = build_client(http, server)
    with capture_logs() as logs:
        outcomes = [await gather_outcome(client.stream(make_prompt("private"))) for _ in range(3)]
    for outcome in outcomes[:2]:
        assert isinstance(outcome.error, ModelUnauthorized)
        assert KEY not in str(outcome.error)
        assert "[key]" in str(outcome.error)
    assert KEY not in repr(client)
    assert [event["event"] for event in logs] == ["model_answered"]
    assert not any(secret in repr(logs) for secret in (KEY, "private", "Hi."))


@pytest.mark.parametrize("key", ["sk-one\nsk-two", "sk-schlüssel", "sk-\x00"])
async def test_a_key_that_no_header_carries_is_refused_without_showing_it(
    http: httpx.AsyncClient, key: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        ModelClient(http, base_url="http://127.0.0.1/v1", name="m", api_key=SecretStr(key))
    assert key not in str(caught.value)
    assert caught.value.__cause__ is None
