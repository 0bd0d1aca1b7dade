"""The offline model's wire, read with httpx."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bot.demo.offline_model import OfflineModel


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with (
        OfflineModel(delay=0) as model,
        httpx.AsyncClient(base_url=model.base_url, trust_env=False) as http,
    ):
        yield http


def request(text: str, **fields: Any) -> dict[str, Any]:
    messages = [{"role": "system", "content": "You are Aloud."}, {"role": "user", "content": text}]
    return {"model": "nvidia/nemotron-nano-9b-v2", "messages": messages, **fields}


async def stream(http: httpx.AsyncClient, text: str) -> list[Any]:
    body = request(text, stream=True, stream_options={"include_usage": True})
    answer = await http.post("/chat/completions", json=body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    frames = answer.content.split(b"\n\n")
    assert frames[-2:] == [b"data: [DONE]", b""]
    return [json.loads(frame.removeprefix(b"data: ")) for frame in frames[:-2]]


async def test_the_trace_comes_first_then_the_answer_then_the_end(
    http: httpx.AsyncClient,
) -> None:
    chunks = await stream(http, "hello")
    *pieces, last, usage = chunks
    deltas = [chunk["choices"][0]["delta"] for chunk in pieces]
    assert deltas[0] == {"role": "assistant", "content": ""}
    kinds = ["reasoning" if "reasoning" in delta else "content" for delta in deltas[1:]]
    assert kinds == sorted(kinds, reverse=True)
    assert set(kinds) == {"reasoning", "content"}
    assert last["choices"][0]["finish_reason"] == "stop"
    assert usage["choices"] == []
    assert usage["usage"]["completion_tokens"] > 0
    assert {chunk["model"] for chunk in chunks} == {"nvidia/nemotron-nano-9b-v2"}


async def test_no_think_gives_no_trace(http: httpx.AsyncClient) -> None:
    chunks = await stream(http, "hello /no_think")
    assert not any("reasoning" in c["choices"][0]["delta"] for c in chunks if c["choices"])


async def test_streamed_pieces_join_to_the_whole_answer(http: httpx.AsyncClient) -> None:
    deltas = [c["choices"][0]["delta"] for c in await stream(http, "hello") if c["choices"]]
    whole = (await http.post("/chat/completions", json=request("hello"))).json()
    message = whole["choices"][0]["message"]
    assert "".join(delta.get("content", "") for delta in deltas) == message["content"]
    assert "".join(delta.get("reasoning", "") for delta in deltas) == message["reasoning"]


async def test_content_may_be_parts(http: httpx.AsyncClient) -> None:
    body = request("")
    body["messages"][1]["content"] = [{"type": "text", "text": "hello"}]
    answer = (await http.post("/chat/completions", json=body)).json()
    assert "without a language model" in answer["choices"][0]["message"]["content"]


@pytest.mark.parametrize("body", [b"{", b"{}", b"[]", b'{"messages": 3}'])
async def test_a_malformed_request_is_refused(http: httpx.AsyncClient, body: bytes) -> None:
    answer = await http.post("/chat/completions", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


async def test_it_lists_itself(http: httpx.AsyncClient) -> None:
    models = (await http.get("/models")).json()["data"]
    assert [model["id"] for model in models] == [OfflineModel.NAME]
