"""The model's server in a process of its own, so that it takes no time from anybody else's."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from tests.chatting import say
from tests.model.server import ModelServer


@dataclass(frozen=True, slots=True)
class Speech:
    """What the model always answers: in so many pieces, with seconds before each."""

    answer: str = "A short answer."
    reasoning: str = "I think."
    pieces: int = 1
    pace: float = 0.0


@dataclass(frozen=True, slots=True)
class ServedModel:
    """Where the model's server is."""

    url: str


@asynccontextmanager
async def serving_model(speech: Speech | None = None) -> AsyncIterator[ServedModel]:
    """Run a model's server as a process until the block ends."""
    told = speech or Speech()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        json.dumps([told.answer, told.reasoning, told.pieces, told.pace]),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    try:
        yield ServedModel((await process.stdout.readline()).decode().strip())
    finally:
        process.kill()
        await process.wait()


async def main() -> None:
    """Serve what the command line says, and print where."""
    speech = Speech(*json.loads(sys.argv[1]))
    model = ModelServer()
    model.replies = [
        replace(say(speech.answer, speech.reasoning, pieces=speech.pieces), pace=speech.pace)
    ]
    async with model.serve():
        print(model.url, flush=True)  # noqa: T201  # read by whoever started this
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
