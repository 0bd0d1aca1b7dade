"""The stand-in for Slack: one local server, and the verbs of the people in its workspace."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from bot.demo import events, storage
from bot.demo.deliveries import Deliveries
from bot.demo.downloads import Downloads
from bot.demo.faults import Faults
from bot.demo.methods.oauth import Consents
from bot.demo.page_server import PageServer
from bot.demo.people import People
from bot.demo.profiles import ALL_FEATURES, PROFILES
from bot.demo.residents import new_workspace
from bot.demo.response_urls import ResponseUrls
from bot.demo.slack_api import Call, SlackApi, Tokens
from bot.demo.sockets import Sockets
from bot.demo.waiting import Signal
from bot.demo.webhooks import Webhooks
from bot.demo.workspace import TEAM_ID, Change
from bot.manifest import load_manifest

T = TypeVar("T")

_TOKENS = Tokens(
    bot="xoxb-0000000000-demo-bot",
    app="xapp-1-A0APP00001-0000000000-demo-app",
    signing_secret="0123456789abcdef0123456789abcdef",  # noqa: S106  # signs nothing but the local workspace's own events
    client_id="0000000000.0000000001",
    client_secret="fedcba9876543210fedcba9876543210",  # noqa: S106  # opens nothing but the local workspace
)
_LARGEST_UPLOAD = 1_000_000_000


class StandIn(People):
    """A Slack workspace on 127.0.0.1, for the demo and for every test that needs Slack.

    Use it as an async context manager. It sends events over Socket Mode, or signed to
    `deliver_to`'s URL.

    Args:
        port: 0 takes a free one.
        clock: Seconds since 1970; timestamps and expiries follow it.
        ack_timeout: Seconds the app has to ack; Slack gives 3.
        retry_delays: Seconds before each redelivery; Slack waits about 0, 60 and 300.
        folder: Where the workspace is kept between runs, None to forget it.
        banner: A note at the top of the page, with inline Markdown.
        profile: What is switched on in the workspace, by its name in `profiles.PROFILES`.
        features: The commands and shortcuts of the app, as `features` of its manifest; None for
            those of this program's manifest.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        clock: Callable[[], float] = time.time,
        ack_timeout: float = 3.0,
        retry_delays: Sequence[float] = (0.0, 60.0, 300.0),
        folder: Path | None = None,
        banner: str = "",
        profile: str = ALL_FEATURES.name,
        features: Mapping[str, Any] | None = None,
    ) -> None:
        workspace = new_workspace(clock, PROFILES[profile])
        self.faults = Faults(workspace.profile)
        self._changes = Signal()
        self._port = port
        self._ack_timeout = ack_timeout
        self._keeper = storage.Keeper(workspace, folder) if folder else None
        self.sockets = Sockets(self.faults, ack_timeout=ack_timeout, changed=self._changes.fire)
        self._api = SlackApi(workspace, self.sockets, self.faults, _TOKENS, self._changes.fire)
        self._response_urls = ResponseUrls(workspace)
        super().__init__(
            workspace,
            Deliveries(self.sockets, self.faults, clock, retry_delays, self._changes.fire),
            self._response_urls,
            self._api.triggers,
            load_manifest()["features"] if features is None else features,
        )
        self._downloads = Downloads(workspace, self.faults, _TOKENS.bot, self._api.uploads)
        self._page = PageServer(self, banner)
        self._webhooks: Webhooks | None = None
        self._runner: web.AppRunner | None = None
        workspace.watch(self._on_change)

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=_LARGEST_UPLOAD)
        app.router.add_route("*", "/api/{method}", self._api.serve)
        app.router.add_get("/link/", self.sockets.serve)
        app.router.add_get("/oauth/v2/authorize", self._api.consents.serve)
        app.router.add_post("/response/{secret}", self._response_urls.serve)
        self._downloads.add_routes(app.router)
        self._page.add_routes(app.router)
        if self._keeper is not None:
            await self._keeper.load()
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        except OSError:
            await self.__aexit__(None, None, None)
            raise
        self._port = self._runner.addresses[0][1]
        self.workspace.origin = f"http://127.0.0.1:{self._port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.deliveries.close()
        await self._page.close()
        await self.sockets.close()
        if self._webhooks is not None:
            await self._webhooks.close()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._keeper is not None:
            await self._keeper.close()

    @property
    def api_url(self) -> str:
        """What `SLACK_API_URL` and `AsyncWebClient(base_url=…)` take."""
        return f"{self.workspace.origin}/api/"

    @property
    def page_url(self) -> str:
        return f"{self.workspace.origin}/"

    @property
    def bot_token(self) -> str:
        return _TOKENS.bot

    @property
    def app_token(self) -> str:
        return _TOKENS.app

    @property
    def signing_secret(self) -> str:
        return _TOKENS.signing_secret

    @property
    def client_id(self) -> str:
        return _TOKENS.client_id

    @property
    def client_secret(self) -> str:
        return _TOKENS.client_secret

    @property
    def consents(self) -> Consents:
        """Slack's consent page for installing the app."""
        return self._api.consents

    @property
    def calls(self) -> list[Call]:
        """Every Web API call so far, oldest first."""
        return self._api.calls

    def calls_of(self, method: str) -> list[Call]:
        return [call for call in self._api.calls if call.method == method]

    async def deliver_to(self, request_url: str) -> None:
        """Send everything signed to this URL from now on, after Slack's handshake with it."""
        earlier = self._webhooks
        self._webhooks = Webhooks(request_url, self.signing_secret, ack_timeout=self._ack_timeout)
        await self._webhooks.verify_url()
        self.deliveries.carrier = self._webhooks
        if earlier is not None:
            await earlier.close()

    async def wait_for(self, predicate: Callable[[], T], timeout: float = 5.0) -> T:  # noqa: ASYNC109  # the caller's words: how long it may take
        """Return the first truthy value of `predicate`, asked again at every change.

        A change is anything in the workspace, an API call, an ack, a socket.

        Raises:
            TimeoutError: It stayed falsy.
        """
        return await self._changes.wait_for(predicate, timeout)

    async def delivered(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109  # as wait_for
        """Wait until every event so far is acked or given up."""
        await self.wait_for(lambda: self.deliveries.pending == 0, timeout)

    def _on_change(self, change: Change) -> None:
        if not self.quiet:
            self._send_events(change)
        self._changes.fire()

    def _send_events(self, change: Change) -> None:
        for event in events.events_of(
            self.workspace,
            change,
            mention_first=self.faults.order == "mention_first",
            sparse_mentions=self.faults.sparse_mentions,
        ):
            if event["type"] in self.faults.suppress:
                continue
            body = events.callback(
                event,
                event_id=self.workspace.next_id("Ev"),
                now=self.workspace.clock(),
                team=TEAM_ID,
            )
            self.deliveries.send_event(body)
