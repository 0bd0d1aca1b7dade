"""Asks one model on one server, over httpx."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from datetime import UTC, datetime

import httpx
import structlog
from pydantic import SecretStr
from typing_extensions import override

from bot.conversation.messages import Chunk, Prompt
from bot.errors import ModelError, ModelInterrupted, ModelUnreachable, SettingsError
from bot.model.assembly import Assembly
from bot.model.failures import classify_reply
from bot.model.sse import Event, SseDecoder
from bot.model.wire import DONE, Delta, decode, encode

log = structlog.get_logger(__name__)

# How long the usage may lag behind the finish reason, and the connection's end behind `[DONE]`.
_LINGER_SECONDS = 2.0
_GOODBYE_SECONDS = 0.1


def build_http(*, connections: int = 16) -> httpx.AsyncClient:
    """Return an HTTP client for model servers; whoever asks for it closes it.

    It has no read timeout: keep-alive comments would reset that, so `ModelClient` watches its
    streams itself. It follows no redirects: a key is for its own server alone.
    """
    return httpx.AsyncClient(
        follow_redirects=False,
        limits=httpx.Limits(
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=60.0,
        ),
        timeout=httpx.Timeout(None, connect=10.0, write=30.0, pool=30.0),
    )


class ModelClient:
    """The `Model` port for one model at one server, one request per stream.

    Args:
        http: From `build_http`; its owner closes it.
        base_url: Up to and with the version, as in `https://api.aimlapi.com/v1`.
        name: The model's id at this server.
        api_key: None for a server that asks for none.
        deadline: Seconds that a whole reply may take.
        idle: Seconds without a piece of trace or answer after which the server counts as stuck;
            keep-alive comments and empty deltas do not count as pieces.

    Raises:
        SettingsError: The key holds characters that no HTTP header can carry.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        base_url: str,
        name: str,
        api_key: SecretStr | None = None,
        deadline: float = 300.0,
        idle: float = 90.0,
    ) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self.name = name
        self._deadline = deadline
        self._idle = idle
        self._key = api_key.get_secret_value().strip() if api_key else ""
        if not (self._key.isascii() and self._key.isprintable()):
            # Refused here because the HTTP library would quote the key in its own error.
            raise SettingsError([f"The key for {name} holds characters that no header can carry."])

    @override
    def __repr__(self) -> str:
        return f"ModelClient({self.name!r} at {self._url!r})"

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """Yield the trace and the answer as they come, then the `Completion`.

        Closing the iterator closes the connection, which also ends the billing where the server
        can stop (OpenRouter docs, stream cancellation).

        Raises:
            ModelUnreachable: No connection, a fault of the server, or nothing came in time.
            ModelInterrupted: The stream broke off after it had begun, or ended without a finish.
            ModelBlank: It finished without an answer.
            ModelError: What else the server said; see `bot.model.failures`.
        """
        assembly = Assembly(model=self.name, reasoning=prompt.reasoning)
        watch = _Watch(deadline=self._deadline, idle=self._idle)
        try:
            async with aclosing(self._receive(prompt, watch)) as deltas:
                async for delta in deltas:
                    for chunk in assembly.add(delta):
                        yield chunk
                    watch.renew(_LINGER_SECONDS if assembly.finished else self._idle)
        except ModelError as error:
            # A complete answer stays one, whatever becomes of its connection.
            if not assembly.finished:
                self._hide_key(error)
                raise
        last = assembly.finish()
        log.info("model_answered", model=self.name, seconds=round(watch.elapsed, 3))
        for chunk in last:
            yield chunk

    async def _receive(self, prompt: Prompt, watch: "_Watch") -> AsyncGenerator[Delta, None]:
        """Yield the deltas that are not empty; every failure is a `ModelError`."""
        begun = False
        try:
            async with watch.limit():
                response = await self._send(prompt)
            async with aclosing(response), aclosing(_read_events(response, watch)) as events:
                async for event in events:
                    delta = decode(event)
                    if delta != Delta():
                        begun = True
                        yield delta
        except (httpx.HTTPError, TimeoutError) as error:
            kind = ModelInterrupted if begun else ModelUnreachable
            raise kind(f"{type(error).__name__}: {str(error) or 'too slow'}") from error

    async def _send(self, prompt: Prompt) -> httpx.Response:
        """Return the open response once the server has agreed to answer."""
        headers = {"Accept": "text/event-stream, application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        request = self._http.build_request(
            "POST", self._url, headers=headers, json=encode(prompt, self.name)
        )
        response = await self._http.send(request, stream=True, follow_redirects=False)
        if response.is_success:
            return response
        async with aclosing(response):
            body = await response.aread()
        raise classify_reply(
            response.status_code,
            response.headers,
            body.decode(errors="replace"),
            now=datetime.now(UTC),
        )

    def _hide_key(self, error: ModelError) -> None:
        """Take the key out of the error's text, where a server may have repeated it."""
        if self._key:
            error.args = (str(error).replace(self._key, "[key]"),)


class _Watch:
    """How long the next read may take: until the deadline, or until the server counts as stuck."""

    def __init__(self, *, deadline: float, idle: float) -> None:
        self._now = asyncio.get_running_loop().time
        self._began = self._now()
        self._deadline = self._began + deadline
        self._idle = idle
        self.renew(idle)

    @property
    def elapsed(self) -> float:
        return self._now() - self._began

    def renew(self, idle: float) -> None:
        """Begin to wait anew, though never longer than at first."""
        self._stuck = self._now() + min(idle, self._idle)

    def limit(self) -> asyncio.Timeout:
        return asyncio.timeout_at(min(self._deadline, self._stuck))


async def _read_events(response: httpx.Response, watch: _Watch) -> AsyncGenerator[Event, None]:
    """Yield the events of a stream up to `[DONE]`, or the whole body where the reply is JSON."""
    if "json" in response.headers.get("content-type", ""):
        async with watch.limit():
            body = await response.aread()
        yield Event(body.decode(errors="replace"))
        return
    decoder = SseDecoder()
    blocks = response.aiter_bytes()
    open_ = True
    while open_:
        async with watch.limit():
            block = await anext(blocks, None)
        open_ = block is not None
        for event in decoder.flush() if block is None else decoder.feed(block):
            if event.data.strip() == DONE:
                await _see_off(blocks)
                return
            yield event


async def _see_off(blocks: AsyncIterator[bytes]) -> None:
    """Read to the end of a reply that is complete, so that its connection can be used again."""
    with suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(_GOODBYE_SECONDS):
            async for _ in blocks:
                pass
