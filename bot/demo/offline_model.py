"""A model server for the demo without a model: OpenAI's chat completions over SSE, by extraction.

It speaks as OpenRouter does for the model the bot asks for: the trace in `reasoning`, the answer
in `content`, a usage chunk with empty `choices`, `[DONE]`.
"""

import asyncio
import json
import re
import time
import uuid
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from bot.demo.asked import Role, read_prompt, wants_reasoning
from bot.demo.extracting import answer

Json = dict[str, Any]

_PIECE = re.compile(r"\s*\S+\s?")
_CHARACTERS_PER_TOKEN = 4


class OfflineModel:
    """Serves `/v1/chat/completions` and `/v1/models` on 127.0.0.1; an async context manager.

    Args:
        delay: Seconds between two streamed pieces.
        port: 0 takes a free one.
    """

    NAME = "offline-extracts"

    def __init__(self, *, delay: float = 0.012, port: int = 0) -> None:
        self._delay = delay
        self._port = port
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64_000_000)
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_post("/v1/chat/completions", self._complete)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def base_url(self) -> str:
        """What `MODEL_BASE_URL` takes."""
        return f"http://127.0.0.1:{self._port}/v1"

    async def _list_models(self, _request: web.Request) -> web.Response:
        entry = {"id": self.NAME, "object": "model", "created": 0, "owned_by": "aloud"}
        return web.json_response({"object": "list", "data": [entry]})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await request.json()
            messages = [_read_message(message) for message in body["messages"]]
        except (ValueError, KeyError, TypeError):
            error = {"message": "messages: expected a list", "type": "invalid_request_error"}
            return web.json_response({"error": {**error, "code": 400}}, status=400)
        asked = read_prompt(messages)
        # A long document takes a moment, and the whole demo runs in this one event loop.
        extract = await asyncio.to_thread(answer, asked)
        trace = extract.trace if wants_reasoning(messages) else ""
        head = {
            "id": f"gen-{uuid.uuid4().hex[:20]}",
            "created": int(time.time()),
            "model": body.get("model", self.NAME),
        }
        usage = _count(messages, trace, extract.answer)
        if not body.get("stream"):
            return web.json_response(_whole(head, trace, extract.answer, usage))
        # Nobody watches notes being written.
        delay = 0.0 if asked.task in {"notes", "merge"} else self._delay
        return await self._stream(request, head, trace, extract.answer, usage, delay)

    async def _stream(
        self,
        request: web.Request,
        head: Json,
        trace: str,
        text: str,
        usage: Json,
        delay: float,
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        head = {**head, "object": "chat.completion.chunk"}
        deltas: Iterator[Json] = iter(
            [
                {"role": "assistant", "content": ""},
                *({"content": "", "reasoning": piece} for piece in _PIECE.findall(trace)),
                *({"content": piece} for piece in _PIECE.findall(text)),
            ]
        )
        for delta in deltas:
            choice = {"index": 0, "delta": delta, "finish_reason": None}
            await _send(response, {**head, "choices": [choice]})
            await asyncio.sleep(delay)
        last = {"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}
        await _send(response, {**head, "choices": [last]})
        await _send(response, {**head, "choices": [], "usage": usage})
        await response.write(b"data: [DONE]\n\n")
        return response


def _read_message(message: Json) -> tuple[Role, str]:
    content = message.get("content") or ""
    if not isinstance(content, str):
        content = "\n".join(str(part.get("text", "")) for part in content)
    return message["role"], content


def _whole(head: Json, trace: str, text: str, usage: Json) -> Json:
    message = {"role": "assistant", "content": text, "refusal": None, "reasoning": trace or None}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {**head, "object": "chat.completion", "choices": [choice], "usage": usage}


def _count(messages: list[tuple[Role, str]], trace: str, text: str) -> Json:
    prompt = sum(len(content) for _, content in messages) // _CHARACTERS_PER_TOKEN
    completion = (len(trace) + len(text)) // _CHARACTERS_PER_TOKEN
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


async def _send(response: web.StreamResponse, body: Json) -> None:
    await response.write(f"data: {json.dumps(body)}\n\n".encode())
