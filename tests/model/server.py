"""A model server on loopback that answers with exactly the bytes a test gives it."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

EVENT_STREAM = "text/event-stream; charset=utf-8"
JSON = "application/json"

Ending = Literal["end", "cut", "hang", "pulse"]


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted reply.

    Attributes:
        blocks: Sent one by one, each a read of its own at the client.
        ending: `end` properly; `cut` the connection; `hang` without a word; `pulse` without end.
            The last two go on until the client leaves.
        pulse: Sent again and again, every few milliseconds.
        held: Sends nothing at all until the client leaves, not even the status.
        pause_at: Waits for `go_on` before this block.
        pace: Seconds between blocks, as a model takes them; for benchmarks.
    """

    blocks: Sequence[bytes] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": EVENT_STREAM})
    ending: Ending = "end"
    pulse: bytes = b": OPENROUTER PROCESSING\n\n"
    held: bool = False
    pause_at: int | None = None
    pace: float = 0.0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent; header names in lower case."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


_TITLE_REQUEST = "Write the title of this conversation."


class ModelServer:
    """Answers requests with the scripted replies in order, the last one for ever.

    Requests for a thread's title come beside those for answers, at their own time: they are kept
    apart, and all get the same one.
    """

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.requests: list[Request] = []
        self.title_requests: list[Request] = []
        self.scripts_titles = False
        """Whether titles are requests like any other."""
        self.running: list[Request] = []
        """Those that are being answered right now."""
        self.connections = 0
        self.left = asyncio.Event()
        """Set when a client closes its connection during a reply."""
        self.changed = asyncio.Condition()
        """Told whenever a request comes or ends."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        assert self._server
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def asked(self, times: int = 1) -> None:
        """Wait until that many requests have come."""
        async with asyncio.timeout(15), self.changed:
            await self.changed.wait_for(lambda: len(self.requests) >= times)

    async def idle(self) -> None:
        """Wait until every request is answered, or its client has left."""
        async with asyncio.timeout(15), self.changed:
            await self.changed.wait_for(lambda: not self.running)

    def reply_to(self, request: Request) -> Reply:
        """Choose the reply to a request that has just come; the next one of the script."""
        del request
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    @asynccontextmanager
    async def serve(self, port: int = 0) -> AsyncGenerator["ModelServer", None]:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        try:
            yield self
        finally:
            self._server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self.connections += 1
        try:
            while request := await _read_request(reader):
                if _TITLE_REQUEST in str(request.body) and not self.scripts_titles:
                    self.title_requests.append(request)
                    await self._answer(answer("A small talk"), reader, writer)
                    continue
                self.requests.append(request)
                self.running.append(request)
                async with self.changed:
                    self.changed.notify_all()
                try:
                    await self._answer(self.reply_to(request), reader, writer)
                finally:
                    self.running.remove(request)
                    async with self.changed:
                        self.changed.notify_all()
        except (ConnectionResetError, BrokenPipeError):
            self.left.set()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(
        self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        gone = asyncio.create_task(reader.read(1)) if reply.ending in {"hang", "pulse"} else None
        if gone and reply.held:
            await self._see_leaving(gone)
        head = f"HTTP/1.1 {reply.status} Scripted\r\nTransfer-Encoding: chunked\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
        writer.write(f"{head}\r\n".encode())
        for number, block in enumerate(reply.blocks):
            if number == reply.pause_at:
                await (reply.go_on.wait() if gone else self._pause(reply.go_on, reader))
            if reply.pace:
                await asyncio.sleep(reply.pace)
            await _write_block(writer, block)
        if gone:
            while reply.ending == "pulse" and not gone.done():
                await _write_block(writer, reply.pulse)
                await asyncio.wait([gone], timeout=0.005)
            await self._see_leaving(gone)
        if reply.ending == "cut":
            await writer.drain()
            raise ConnectionAbortedError
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _pause(self, go_on: asyncio.Event, reader: asyncio.StreamReader) -> None:
        """Wait for the event, unless the client leaves before."""
        gone = asyncio.create_task(reader.read(1))
        going = asyncio.create_task(go_on.wait())
        try:
            await asyncio.wait({gone, going}, return_when=asyncio.FIRST_COMPLETED)
            if not going.done():
                await self._see_leaving(gone)
        finally:
            for task in (gone, going):
                task.cancel()
            await asyncio.gather(gone, going, return_exceptions=True)

    async def _see_leaving(self, gone: asyncio.Task[bytes]) -> None:
        assert await gone == b""
        self.left.set()
        raise ConnectionAbortedError


async def _write_block(writer: asyncio.StreamWriter, block: bytes) -> None:
    if block:
        writer.write(b"%x\r\n%s\r\n" % (len(block), block))
        await writer.drain()


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(path=first.split(" ")[1], headers=headers, body=json.loads(body or b"{}"))


def frame(payload: Any) -> bytes:
    """Return one event of a stream, with what is not ASCII left raw."""
    data = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
    return f"data: {data}\n\n".encode()


def chunk(
    content: str | None = None, *, finish: str | None = None, **fields: Any
) -> dict[str, Any]:
    """Return one chunk of a chat completion; `fields` go into its delta."""
    delta = fields if content is None else {"content": content, **fields}
    return {
        "id": "gen-1",
        "object": "chat.completion.chunk",
        "created": 1790000001,
        "model": "nvidia/nemotron-nano-9b-v2",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


def stream(*payloads: Any, **options: Any) -> Reply:
    """Return a reply that streams the payloads and ends with `[DONE]`."""
    return Reply([*(frame(payload) for payload in payloads), frame("[DONE]")], **options)


def answer(text: str = "Hi.", *, status: int = 200) -> Reply:
    """Return a whole, short, streamed answer."""
    return stream(chunk(role="assistant"), chunk(text), chunk(finish="stop"), status=status)


def failure(status: int, payload: Any, **headers: str) -> Reply:
    """Return an error reply; `headers` with underscores for hyphens."""
    body = payload if isinstance(payload, str) else json.dumps(payload)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply([body.encode()], status=status, headers={"Content-Type": JSON, **named})
