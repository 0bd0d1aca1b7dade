"""Install the bot as a person does: in a browser, through the HTTPS proxy before it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from typing_extensions import override

from bot.demo.server import StandIn

HOME = "https://aloud.example"
"""Where the proxy has the bot."""


class HttpsProxy(httpx.AsyncBaseTransport):
    """What stands before the bot: https outside, plain HTTP inside."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._inner = httpx.AsyncHTTPTransport()

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        inside = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return await self._inner.handle_async_request(
            httpx.Request(request.method, inside, headers=request.headers, stream=request.stream)
        )

    @override
    async def aclose(self) -> None:
        await self._inner.aclose()


@asynccontextmanager
async def browsing(port: int) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with cookies that follows redirects."""
    async with httpx.AsyncClient(
        mounts={HOME: HttpsProxy(port)}, follow_redirects=True, timeout=10
    ) as browser:
        yield browser


async def install(slack: StandIn, port: int) -> httpx.Response:
    """Install the bot that listens at `port`, and return the page at the end."""
    slack.consents.redirect_url = f"{HOME}/slack/oauth_redirect"
    async with browsing(port) as browser:
        return await browser.get(f"{HOME}/slack/install")
