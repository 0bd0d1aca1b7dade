"""A model that reads manuals at a steady pace, in a process of its own, and tells what it read."""

import asyncio
import json
import re
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass, field, replace

from typing_extensions import override

from bot.conversation.budget import estimate_tokens
from tests.benchmarks.manuals import find_facts
from tests.chatting import say
from tests.model.server import ModelServer, Reply, Request

CALL_SECONDS = 0.7
"""What any call takes: the first token after 0.2 s, then 100 tokens at 200 a second."""

_PIECES = 10
_LINES = {"notes": 12, "merge": 24, "summary": 10}
"""As many as are asked for at most."""

_TASKS = {
    "Make notes on this part": "notes",
    "Merge them into": "merge",
    "Summarize the document": "summary",
}
_LINE = re.compile(
    r"^(?:\[p\. (?P<page>\d+)[^\]\n]*\]$|(?:\| )?(?P<fact>The \w+ takes \d+ .*)$)", re.MULTILINE
)
_QUESTION = re.compile(r"does the (\w+) take\?")
_NOTE = re.compile(r"^\| (- .*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the model.

    Attributes:
        at: When it came, in seconds of the clock that `time.monotonic` has in all processes.
        kind: "notes", "merge", "summary" or "question".
        tokens: Of the whole prompt, estimated.
        facts: The pages whose facts stood in it.
        cited: Those of them whose facts stood under the number of their page.
    """

    at: float
    kind: str
    tokens: int
    facts: frozenset[int]
    cited: frozenset[int]


@dataclass
class Reader:
    """The model as seen from the benchmark's process."""

    url: str
    calls: list[Call] = field(default_factory=list)
    grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def called(self, times: int = 1) -> None:
        """Wait until so many calls have come."""
        async with asyncio.timeout(120), self.grown:
            await self.grown.wait_for(lambda: len(self.calls) >= times)

    async def listen(self, told: asyncio.StreamReader) -> None:
        """Take down what the model's process tells, until it ends."""
        async for line in told:
            at, kind, tokens, facts, cited = json.loads(line)
            async with self.grown:
                self.calls.append(Call(at, kind, tokens, frozenset(facts), frozenset(cited)))
                self.grown.notify_all()


@asynccontextmanager
async def serving_reader() -> AsyncIterator[Reader]:
    """Run the model as a process until the block ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, stdout=asyncio.subprocess.PIPE, limit=1_000_000
    )
    assert process.stdout
    reader = Reader((await process.stdout.readline()).decode().strip())
    listening = asyncio.create_task(reader.listen(process.stdout))
    try:
        yield reader
    finally:
        process.kill()
        await process.wait()
        await listening


class _PacedModel(ModelServer):
    @override
    def reply_to(self, request: Request) -> Reply:
        at = time.monotonic()
        text = request.body["messages"][-1]["content"]
        kind = next((kind for words, kind in _TASKS.items() if words in text), "question")
        facts = list(_read_facts(text))
        call = Call(
            at,
            kind,
            sum(estimate_tokens(one["content"]) for one in request.body["messages"]),
            frozenset(find_facts(text)),
            frozenset(page for page, fact in facts if page in find_facts(fact)),
        )
        print(json.dumps(astuple(call), default=list), flush=True)  # noqa: T201  # read by `listen`
        reply = say("\n".join(_write(kind, text, facts)), pieces=_PIECES)
        return replace(reply, pace=CALL_SECONDS / len(reply.blocks))


def _read_facts(text: str) -> Iterator[tuple[int, str]]:
    """Yield the facts that stand under the mark of a page."""
    page = 0
    for line in _LINE.finditer(text):
        if line["page"]:
            page = int(line["page"])
        elif page:
            yield page, line["fact"].rstrip()


def _write(kind: str, text: str, facts: list[tuple[int, str]]) -> Iterator[str]:
    """Yield the lines of an answer of the form that was asked for."""
    if kind == "question":
        asked = _QUESTION.findall(text)[-1:]
        told = [f"{fact} [p. {page}]" for page, fact in facts if fact.split()[1] in asked]
        yield told[0] if told else "It is not in the document."
        return
    lines = _NOTE.findall(text) or [
        f'- {fact} [p. {page}] "{fact.removesuffix(".")}"' for page, fact in facts
    ]
    most = _LINES[kind]
    yield from lines[:: max(1, len(lines) // most)][:most]


async def main() -> None:
    """Serve, and print where, then a line for every call."""
    model = _PacedModel()
    async with model.serve():
        print(model.url, flush=True)  # noqa: T201  # read by whoever started this
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
