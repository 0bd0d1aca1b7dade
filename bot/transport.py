"""How events reach us: a socket that is watched and renewed, or signed HTTP requests."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_sdk.web.async_client import AsyncWebClient

log = structlog.get_logger(__name__)

# Slack's largest events stay far below; what is larger is none of Slack's.
_MOST_BODY_BYTES = 4 * 1024 * 1024


class Socket:
    """Socket Mode with a watchdog.

    The SDK's client can stay dead for ever: when a new URL refuses the upgrade it goes on trying
    the same URL, whose ticket is spent, and a connect with a revoked token neither returns nor
    raises. So whatever has not been connected for `patience` seconds is thrown away and made new.

    Args:
        app: What hears the events.
        app_token: The app-level token.
        client: Asks for socket URLs.
        patience: Seconds without a connection until everything is made new.
        check_every: Seconds between two looks at the connection.
        ping_every: Seconds between two pings; a socket on which they stay unanswered is replaced.
    """

    def __init__(
        self,
        app: AsyncApp,
        *,
        app_token: str,
        client: AsyncWebClient,
        patience: float = 20,
        check_every: float = 2,
        ping_every: float = 10,
    ) -> None:
        self._app = app
        self._app_token = app_token
        self._client = client
        self._patience = patience
        self._check_every = check_every
        self._ping_every = ping_every
        self._handler: AsyncSocketModeHandler | None = None

    async def is_connected(self) -> bool:
        """Whether events can reach us now."""
        return self._handler is not None and bool(await self._handler.client.is_connected())

    async def run(self, connected: Callable[[], None]) -> None:
        """Keep a socket open until cancelled; `connected` is called when one has opened."""
        while True:
            handler = AsyncSocketModeHandler(
                self._app,
                self._app_token,
                web_client=self._client,
                ping_interval=self._ping_every,
            )
            try:
                async with asyncio.timeout(self._patience):
                    await handler.connect_async()  # type: ignore[no-untyped-call]  # untyped in the SDK
                self._handler = handler
                log.info("socket_connected")
                connected()
                await self._watch(handler)
                log.warning("socket_dead", seconds=self._patience)
            except TimeoutError:
                log.warning("socket_not_connected", seconds=self._patience)
            finally:
                self._handler = None
                # A socket that is broken may fail to close as well; the next one is what counts.
                with suppress(Exception):
                    await handler.close_async()  # type: ignore[no-untyped-call]  # untyped in the SDK

    async def _watch(self, handler: AsyncSocketModeHandler) -> None:
        """Return when the handler has been without a connection for too long."""
        alive_at = time.monotonic()
        while time.monotonic() - alive_at < self._patience:
            await asyncio.sleep(self._check_every)
            if await handler.client.is_connected():
                alive_at = time.monotonic()


class HttpServer:
    """`/healthz`, `/readyz` and `/metrics`.

    With `app` it takes events at `/slack/events`; with `install` it has the pages where a workspace
    installs us.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        registry: CollectorRegistry,
        is_ready: Callable[[], Awaitable[bool]],
        app: AsyncApp | None = None,
        install: AsyncOAuthFlow | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._registry = registry
        self._is_ready = is_ready
        self._app = app
        self._install = install
        self._runner: web.AppRunner | None = None

    async def start(self) -> int:
        """Listen; return the port, which the system chose if it was 0. Raises OSError."""
        server = web.Application(client_max_size=_MOST_BODY_BYTES)
        server.router.add_get("/healthz", self._answer_health)
        server.router.add_get("/readyz", self._answer_readiness)
        server.router.add_get("/metrics", self._answer_metrics)
        if self._app is not None:
            server.router.add_post("/slack/events", self._receive)
        if self._install is not None:
            server.router.add_get(self._install.install_path, self._start_install)
            server.router.add_get(self._install.redirect_uri_path, self._finish_install)
        self._runner = web.AppRunner(server, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        port: int = self._runner.addresses[0][1]
        return port

    async def close(self) -> None:
        """Stop listening; requests under way are answered first."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        assert self._app is not None  # noqa: S101  # the route exists only with an app
        return await to_aiohttp_response(
            await self._app.async_dispatch(await to_bolt_request(request))
        )

    async def _start_install(self, request: web.Request) -> web.Response:
        assert self._install is not None  # noqa: S101  # as in _receive
        return await to_aiohttp_response(
            await self._install.handle_installation(await to_bolt_request(request))
        )

    async def _finish_install(self, request: web.Request) -> web.Response:
        assert self._install is not None  # noqa: S101  # as in _receive
        return await to_aiohttp_response(
            await self._install.handle_callback(await to_bolt_request(request))
        )

    async def _answer_health(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _answer_readiness(self, _: web.Request) -> web.Response:
        ready = await self._is_ready()
        return web.Response(
            text="ready\n" if ready else "not ready\n", status=200 if ready else 503
        )

    async def _answer_metrics(self, _: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )
