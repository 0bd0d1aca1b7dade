"""`aloud doctor`: checks everything a run depends on, and says what to fix."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import SQLAlchemyError

from bot.app import check_app_token, explain_refusal, open_model, open_slack
from bot.conversation.messages import Completion, Prompt, PromptMessage
from bot.documents.extraction import Extractor
from bot.documents.readers.ocr import list_languages
from bot.errors import AloudError, DatabaseInUse, DeliveryError, StartError
from bot.listeners import EVENTS
from bot.manifest import load_manifest
from bot.settings import Settings
from bot.slack.calls import SlackCalls
from bot.slack.install import INSTALL_PATH
from bot.store.database import State, open_database
from bot.store.installations import Installations

_QUESTION = "Is 17 a prime number? Answer with one word."
_ANSWER_TOKENS = 2_048

_TABLES: Final[dict[State, str]] = {
    "empty": "; the first start makes its tables",
    "old": "; the next start brings its tables up to this version",
    "current": "",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: all is well, or what to do."""

    subject: str
    ok: bool
    told: str


async def examine(settings: Settings, say: Callable[[str], None] = print) -> int:
    """Run every check, say a line for each, and return the exit code: 0 if all is well, else 1."""
    healthy = True
    async with aclosing(_examine(settings)) as findings:
        async for finding in findings:
            mark = "ok " if finding.ok else "FIX"
            say(f"{mark}  {finding.subject}: {finding.told}")
            healthy = healthy and finding.ok
    say("All is well: start it with `aloud run`." if healthy else "Mend the lines marked FIX.")
    return 0 if healthy else 1


async def _examine(settings: Settings) -> AsyncGenerator[Finding]:
    manifest = await asyncio.to_thread(load_manifest)
    database = await _check_database(settings)
    async with open_slack(settings) as client:
        if settings.serves_installations:
            yield await _count_installations(settings, database)
        else:
            yield await _check_bot_token(settings, client)
        if settings.slack_bot_token is not None:
            yield await _check_scopes(client, manifest)
        yield await _check_transport(settings, client)
    yield _check_events(manifest)
    yield await _check_model(settings)
    yield database
    yield await _check_worker()
    yield await _check_recognition(settings)


async def _check_bot_token(settings: Settings, client: AsyncWebClient) -> Finding:
    subject = "Slack bot token"
    if settings.slack_bot_token is None:
        return Finding(
            subject, False, "set SLACK_BOT_TOKEN (xoxb-…, from the OAuth & Permissions page)"
        )
    try:
        found = await SlackCalls(client).call("auth.test")
    except DeliveryError as error:
        return Finding(subject, False, explain_refusal("SLACK_BOT_TOKEN", error, settings))
    return Finding(subject, True, f"{found.get('user')} in {found.get('team')}")


async def _count_installations(settings: Settings, checked: Finding) -> Finding:
    subject = "Slack installations"
    if not checked.ok:
        return Finding(subject, False, "can't be told before the database works")
    database = open_database(settings.database_url.get_secret_value())
    try:
        # Not opened: reading beside a running Aloud does no harm.
        count = await Installations(database).count()
    except SQLAlchemyError:
        # The tables are made by the first start.
        count = 0
    finally:
        await database.close()
    page = f"http://{settings.host}:{settings.port}{INSTALL_PATH}"
    return Finding(
        subject,
        True,
        f"{count} {'workspace' if count == 1 else 'workspaces'}; more can install it at {page}, "
        "which people must reach by https",
    )


async def _check_scopes(client: AsyncWebClient, manifest: dict[str, Any]) -> Finding:
    subject = "Slack permissions"
    try:
        response = await client.auth_test()
    except Exception:  # noqa: BLE001  # whatever it is, the line above has told it
        return Finding(subject, False, "can't be told before the bot token works")
    granted = {scope.strip() for scope in response.headers.get("x-oauth-scopes", "").split(",")}
    missing = [one for one in manifest["oauth_config"]["scopes"]["bot"] if one not in granted]
    if missing:
        return Finding(
            subject,
            False,
            f"add {', '.join(missing)} under OAuth & Permissions, then reinstall the app",
        )
    return Finding(subject, True, "all granted")


async def _check_transport(settings: Settings, client: AsyncWebClient) -> Finding:
    if settings.slack_app_token is None:
        subject = "Events over HTTP"
        if settings.slack_signing_secret is None:
            told = "set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET for HTTP"
            return Finding("Events", False, told)
        return Finding(
            subject, True, f"signed requests to http://{settings.host}:{settings.port}/slack/events"
        )
    subject = "Events over Socket Mode"
    try:
        await check_app_token(settings, client)
    except DeliveryError as error:
        return Finding(subject, False, explain_refusal("SLACK_APP_TOKEN", error, settings))
    return Finding(subject, True, "a socket can be opened")


def _check_events(manifest: dict[str, Any]) -> Finding:
    subject = "Manifest"
    asked = {
        event.partition(".")[0]
        for event in manifest["settings"]["event_subscriptions"]["bot_events"]
    }
    if asked != set(EVENTS):
        unheard = ", ".join(sorted(asked.symmetric_difference(EVENTS)))
        return Finding(subject, False, f"manifest.yml and this version differ on {unheard}")
    return Finding(subject, True, "its events are those that are listened to")


async def _check_model(settings: Settings) -> Finding:
    subject = "Model"
    if not settings.has_model:
        return Finding(subject, False, f"set MODEL_API_KEY, a key of {settings.model_base_url}")
    prompt = Prompt(
        [PromptMessage("system", "Be brief."), PromptMessage("user", _QUESTION)],
        reasoning=True,
        answer_tokens=_ANSWER_TOKENS,
    )
    completion = None
    try:
        async with AsyncExitStack() as stack:
            model = await open_model(settings, stack)
            async with aclosing(model.stream(prompt)) as chunks:
                async for chunk in chunks:
                    if isinstance(chunk, Completion):
                        completion = chunk
    except AloudError as error:
        return Finding(subject, False, f"{settings.model_name}: {error}")
    if completion is None or not completion.reasoning:
        return Finding(
            subject, False, f"{settings.model_name} answers, but sends no reasoning to show"
        )
    return Finding(subject, True, f"{completion.model} streams its reasoning and its answer")


async def _check_database(settings: Settings) -> Finding:
    subject = "Database"
    database = open_database(settings.database_url.get_secret_value())
    try:
        state = await database.inspect()
    except DatabaseInUse:
        return Finding(subject, True, f"{database} is open in a running Aloud")
    except StartError as error:
        return Finding(subject, False, " ".join(error.problems))
    return Finding(subject, True, f"{database} can be written{_TABLES[state]}")


async def _check_worker() -> Finding:
    subject = "File reader"
    try:
        await Extractor().check()
    except AloudError as error:
        return Finding(subject, False, f"files can't be read ({error}); reinstall Aloud")
    return Finding(subject, True, "reads files in its own process")


async def _check_recognition(settings: Settings) -> Finding:
    """Tell which languages of scans can be read; none is well, too: it is an extra."""
    subject = "Text recognition"
    if not settings.aloud_ocr_pages:
        return Finding(subject, True, "off (ALOUD_OCR_PAGES is 0)")
    installed = await asyncio.to_thread(list_languages)
    if not installed:
        return Finding(
            subject, True, "not installed, so scans and pictures can't be read; README.md says how"
        )
    wanted = settings.aloud_ocr_languages
    missing = [one for one in wanted.split("+") if one not in installed] if wanted else []
    if missing:
        return Finding(
            subject,
            False,
            f"ALOUD_OCR_LANGUAGES names {', '.join(missing)}, but there is only data for "
            f"{', '.join(installed)}",
        )
    return Finding(subject, True, f"reads {wanted or '+'.join(installed)}")
