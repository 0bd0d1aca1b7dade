"""The composition root: builds every part once, opens and closes them in order."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import aiohttp
import httpx
import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import SQLAlchemyError

from bot.documents.extraction import ExtractionLimits, Extractor
from bot.documents.library import Library
from bot.errors import DeliveryDelayed, DeliveryError, StartError
from bot.language import load_languages
from bot.listeners import Desks, register
from bot.manifest import load_manifest
from bot.model.client import ModelClient, build_http
from bot.model.resilience import ResilientModel
from bot.runner import Runner
from bot.settings import Settings
from bot.slack.calls import SlackCalls
from bot.slack.capabilities import Capabilities
from bot.slack.events import BotIdentity
from bot.slack.files import FileFetcher
from bot.slack.install import INSTALL_PATH, STATE_SECONDS, InstallFlow
from bot.slack.installations import InstalledWorkspaces
from bot.slack.workspaces import OneWorkspace, Workspaces, open_workspace
from bot.store.database import Database, open_database
from bot.store.documents import DocumentStore
from bot.store.installations import Installations, InstallStates
from bot.store.preferences import PreferenceStore
from bot.store.retention import delete_expired
from bot.telemetry import Metrics
from bot.transport import HttpServer, Socket
from bot.waiting import WaitingRoom
from bot.wiring import Wiring

log = structlog.get_logger(__name__)

Chore = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
"""What goes on beside the turns until the event is set."""

_START_SECONDS: Final = 20.0
_RETENTION_SECONDS: Final = 3_600.0
_FILE_SECONDS: Final = 30.0


async def run(settings: Settings, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Serve until `stop` is set, then drain; `ready` is called when events can come in.

    Raises:
        StartError: tokens, database or port were refused; every problem is named.
    """
    async with AsyncExitStack() as stack:
        metrics = Metrics()
        database = open_database(settings.database_url.get_secret_value())
        client = await stack.enter_async_context(open_slack(settings))
        # Catalogues are files, and reading files would hold up the loop once it serves.
        reading = asyncio.create_task(asyncio.to_thread(load_languages))
        checking = asyncio.create_task(_check_start(settings, client, database, stack))
        await _wait_for_stop(stop, [checking])
        if not checking.done():
            checking.cancel()
            await asyncio.wait([checking])
            return
        bot = checking.result()
        await reading
        workspaces = _find_workspaces(client, bot, database)
        model = await open_model(settings, stack)
        library = await _open_library(settings, workspaces, database, stack)
        wiring = Wiring(settings, database, workspaces, model, library, metrics)
        runner = Runner(
            wiring.ledger,
            wiring.work,
            wiring.abandon,
            metrics,
            turns=settings.aloud_turns,
            workspace_turns=settings.aloud_workspace_turns,
        )
        database.watch(runner.hear)
        waiting_room = WaitingRoom(
            wiring.ledger,
            workspaces,
            wiring.turns.wants_answer,
            busy_seconds=settings.aloud_busy_seconds,
        )
        install = await _build_install(settings, client, database)
        if not database.is_shared and (recovered := await wiring.ledger.recover()):
            log.info("turns_recovered", count=recovered)
        chores: list[Chore] = [waiting_room.run, partial(_expire, database, settings)]
        await _serve(
            settings, client, wiring.desks, install, runner, chores, database, metrics, stop, ready
        )


@asynccontextmanager
async def open_slack(settings: Settings) -> AsyncIterator[AsyncWebClient]:
    """Open the Web API client that everything shares; `SlackCalls` does the retrying."""
    async with aiohttp.ClientSession(trust_env=True) as session:
        token = settings.slack_bot_token
        yield AsyncWebClient(
            token.get_secret_value() if token else None,
            base_url=settings.slack_api_url,
            session=session,
            retry_handlers=[],
        )


async def open_model(settings: Settings, stack: AsyncExitStack) -> ResilientModel:
    """Build the model and its fallbacks; the stack closes their connections."""
    http = await stack.enter_async_context(build_http(connections=settings.aloud_model_calls + 1))
    return ResilientModel(
        [
            ModelClient(
                http,
                base_url=endpoint.base_url,
                name=endpoint.model,
                api_key=endpoint.api_key,
                deadline=settings.aloud_model_seconds,
            )
            for endpoint in settings.endpoints
        ],
        deadline=settings.aloud_model_seconds,
        parallel=settings.aloud_model_calls,
    )


def build_bolt(settings: Settings, client: AsyncWebClient) -> AsyncApp:
    """Build the Bolt app.

    Authorization is ours: Bolt's own asks auth.test while an event waits for its ack, and acks an
    event that it failed to authorize, which loses it. So Bolt may let everything in; the intake
    drops what is of a team that has not installed us. With an `authorize` Bolt never asks the file
    stores that it sets up when SLACK_CLIENT_ID and SLACK_CLIENT_SECRET are in the environment. Own
    messages are told apart by the parser, since Bolt's filter would also drop the deletion of our
    answers.
    """

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)

    secret = settings.slack_signing_secret
    return AsyncApp(
        client=client,
        logger=logging.getLogger("slack_bolt"),
        authorize=authorize,
        signing_secret=secret.get_secret_value() if secret else "",
        process_before_response=True,
        ignoring_self_events_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )


def file_origins(slack_api_url: str) -> frozenset[str]:
    """Return the origins besides slack.com's that are Slack for these settings."""
    parts = urlsplit(slack_api_url)
    if parts.hostname == "slack.com" or parts.hostname is None:
        return frozenset()
    return frozenset({f"{parts.scheme}://{parts.netloc}", f"{parts.scheme}://files.{parts.netloc}"})


async def identify_bot(settings: Settings, client: AsyncWebClient) -> BotIdentity | None:
    """Ask Slack who we are, unless we are somebody else in each workspace; raises DeliveryError."""
    if settings.serves_installations:
        return None
    found = await SlackCalls(client).call("auth.test", patience=_START_SECONDS)
    return BotIdentity(found["team_id"], found["user_id"], found["bot_id"])


async def check_app_token(settings: Settings, client: AsyncWebClient) -> None:
    """Ask for a socket once, since the SDK tries a bad token for ever; raises DeliveryError."""
    if settings.slack_app_token is not None:
        await SlackCalls(client).call(
            "apps.connections.open",
            patience=_START_SECONDS,
            app_token=settings.slack_app_token.get_secret_value(),
        )


async def _check_start(
    settings: Settings, client: AsyncWebClient, database: Database, stack: AsyncExitStack
) -> BotIdentity | None:
    """Check everything at once, so that one start names every problem."""
    bot, socket, opened = await asyncio.gather(
        identify_bot(settings, client),
        check_app_token(settings, client),
        stack.enter_async_context(database),
        return_exceptions=True,
    )
    problems: list[str] = []
    for name, result in (("SLACK_BOT_TOKEN", bot), ("SLACK_APP_TOKEN", socket)):
        if isinstance(result, DeliveryError):
            problems.append(explain_refusal(name, result, settings))
        elif isinstance(result, BaseException):
            raise result
    if isinstance(opened, StartError):
        problems += opened.problems
    elif isinstance(opened, BaseException):
        raise opened
    if problems or isinstance(bot, BaseException):
        raise StartError(problems)
    return bot


def _find_workspaces(
    client: AsyncWebClient, bot: BotIdentity | None, database: Database
) -> Workspaces:
    if bot is not None:
        return OneWorkspace(open_workspace(bot, client, Capabilities()))

    def connect(token: str) -> AsyncWebClient:
        return AsyncWebClient(
            token, base_url=client.base_url, session=client.session, retry_handlers=[]
        )

    return InstalledWorkspaces(Installations(database), connect)


async def _build_install(
    settings: Settings, client: AsyncWebClient, database: Database
) -> InstallFlow | None:
    """Build the pages where a workspace installs us, None if there is a bot token already."""
    if settings.slack_bot_token or not (settings.slack_client_id and settings.slack_client_secret):
        return None
    manifest = await asyncio.to_thread(load_manifest)
    return InstallFlow(
        client,
        client_id=settings.slack_client_id,
        client_secret=settings.slack_client_secret.get_secret_value(),
        scopes=manifest["oauth_config"]["scopes"]["bot"],
        authorize_url=urljoin(settings.slack_api_url, "/oauth/v2/authorize"),
        installations=Installations(database),
        states=InstallStates(database, seconds=STATE_SECONDS),
    )


def explain_refusal(name: str, error: DeliveryError, settings: Settings) -> str:
    """Say what to do about a token that Slack did not take."""
    if isinstance(error, DeliveryDelayed):
        return f"{name}: Slack can't be reached at {settings.slack_api_url}; check the network."
    if error.code == "missing_scope":
        return f"{name}: give the token the scope connections:write."
    return f"{name}: Slack refused it ({error.code}); copy it again from your app's page."


async def _open_library(
    settings: Settings, workspaces: Workspaces, database: Database, stack: AsyncExitStack
) -> Library:
    http = await stack.enter_async_context(
        httpx.AsyncClient(follow_redirects=False, timeout=_FILE_SECONDS)
    )

    async def client_for(team: str) -> AsyncWebClient:
        return (await workspaces.find(team)).client

    return Library(
        FileFetcher(
            http,
            client_for,
            max_bytes=settings.aloud_file_megabytes * 1_000_000,
            trusted_origins=file_origins(settings.slack_api_url),
        ),
        Extractor(
            ExtractionLimits(
                pages=settings.aloud_file_pages,
                characters=settings.aloud_file_characters,
                ocr_pages=settings.aloud_ocr_pages,
                ocr_languages=settings.aloud_ocr_languages or "",
            )
        ),
        DocumentStore(database),
    )


async def _serve(
    settings: Settings,
    client: AsyncWebClient,
    desks: Desks,
    install: InstallFlow | None,
    runner: Runner,
    chores: Sequence[Chore],
    database: Database,
    metrics: Metrics,
    stop: asyncio.Event,
    ready: Callable[[], None],
) -> None:
    app = build_bolt(settings, client)
    register(app, desks)
    app_token = settings.slack_app_token
    socket = (
        Socket(app, app_token=app_token.get_secret_value(), client=client) if app_token else None
    )

    async def is_ready() -> bool:
        try:
            await database.check()
        except SQLAlchemyError:
            return False
        return socket is None or await socket.is_connected()

    server = HttpServer(
        host=settings.host,
        port=settings.port,
        registry=metrics.registry,
        is_ready=is_ready,
        app=None if socket else app,
        install=install,
    )
    tasks: list[asyncio.Task[Any]] = []
    leaving = asyncio.Event()
    try:
        port = await _start(server, settings)
        if install is not None:
            log.info("installable", url=f"http://{settings.host}:{port}{INSTALL_PATH}")
        tasks = [
            asyncio.create_task(runner.run(), name="runner"),
            *(asyncio.create_task(chore(leaving)) for chore in chores),
        ]
        if socket is None:
            log.info("listening", host=settings.host, port=port)
            ready()
        else:
            tasks.append(asyncio.create_task(socket.run(ready), name="socket"))
        await _wait_for_stop(stop, tasks)
    finally:
        # New events stop first; what is running may then finish.
        await desks.intake.close()
        await server.close()
        leaving.set()
        for task in tasks:
            if task.get_name() == "socket":
                task.cancel()
        await runner.drain(settings.aloud_grace_seconds)
        await asyncio.gather(*tasks, return_exceptions=True)
        log.info("stopped")


async def _start(server: HttpServer, settings: Settings) -> int:
    try:
        return await server.start()
    except OSError as error:
        raise StartError(
            [f"PORT: {settings.host}:{settings.port} can't be listened on ({error.strerror})."]
        ) from error


async def _wait_for_stop(stop: asyncio.Event, tasks: list[asyncio.Task[Any]]) -> None:
    """Return when asked to; raise what a part died of, since nothing works without it."""
    stopped = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
    for task in done - {stopped}:
        task.result()


async def _expire(database: Database, settings: Settings, leaving: asyncio.Event) -> None:
    """Delete what is too old, now and then, until it is time to leave."""
    while not leaving.is_set():
        try:
            workspaces = await PreferenceStore(database).find_workspaces()
            gone = await delete_expired(
                database,
                days=settings.aloud_retention_days,
                now=time.time(),
                shorter={
                    team: chosen.retention_days
                    for team, chosen in workspaces.items()
                    if chosen.retention_days is not None
                },
            )
            if gone:
                log.info("expired_deleted", rows=gone)
        except SQLAlchemyError:
            log.exception("expired_not_deleted")
        with suppress(TimeoutError):
            async with asyncio.timeout(_RETENTION_SECONDS):
                await leaving.wait()
