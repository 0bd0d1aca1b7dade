"""A bot as one writes it first, to compare with: it answers in the listener and keeps nothing."""

import asyncio
import json
import logging
import os
from typing import Any

import httpx
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

settings = os.environ  # noqa: TID251  # started with the same settings as the program itself
client = AsyncWebClient(settings["SLACK_BOT_TOKEN"], base_url=settings["SLACK_API_URL"])
app = AsyncApp(client=client)
http = httpx.AsyncClient(base_url=settings["MODEL_BASE_URL"])


@app.event("message")
async def answer(event: dict[str, Any], say: Any) -> None:
    if "bot_id" in event or "subtype" in event:
        return
    asked = {"messages": [{"role": "user", "content": event["text"]}], "stream": True}
    said = ""
    async with http.stream("POST", "/chat/completions", json=asked) as reply:
        async for line in reply.aiter_lines():
            if line.startswith("data: {"):
                said += json.loads(line[6:])["choices"][0]["delta"].get("content", "")
    await say(said, thread_ts=event.get("thread_ts", event["ts"]))


async def main() -> None:
    await AsyncSocketModeHandler(app, settings["SLACK_APP_TOKEN"]).connect_async()  # type: ignore[no-untyped-call]  # untyped in the SDK
    logging.getLogger(__name__).warning("ready")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
