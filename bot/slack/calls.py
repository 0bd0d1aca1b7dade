"""The one way out to Slack's Web API: rate limits, retries, and posts that never double."""

import asyncio
import copy
import math
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused
from bot.slack import limits
from bot.slack.render import ANSWER_EVENT, OutgoingMessage, render_plainly

log = structlog.get_logger(__name__)

Sleep = Callable[[float], Awaitable[None]]
Clock = Callable[[], float]

_RATE_LIMITED: Final = frozenset({"ratelimited", "rate_limited"})
_TROUBLE_AT_SLACK: Final = frozenset(
    {
        "fatal_error",
        "internal_error",
        "messaging_processing_failed",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
        "update_failed",
    }
)
_NOT_SENT: Final = "not_sent"

BLOCK_FAULTS: Final = frozenset(
    {
        "block_mismatch",
        "invalid_attachments",
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_blocks_too_many",
        "msg_too_long",
        "only_one_table_allowed",
    }
)
"""Slack's codes for blocks it won't show where it may well show simpler ones."""

# Doing these twice is as good as doing them once. Posts and appends are not among them.
_REPEATABLE: Final = frozenset(
    {
        "agents.sessions.rename",
        "agents.sessions.setStatus",
        "assistant.threads.setStatus",
        "assistant.threads.setSuggestedPrompts",
        "assistant.threads.setTitle",
        "auth.test",
        "bots.info",
        "chat.delete",
        "chat.getPermalink",
        "chat.stopStream",
        "chat.update",
        "conversations.history",
        "conversations.members",
        "conversations.info",
        "conversations.open",
        "conversations.replies",
        "files.delete",
        "files.getUploadURLExternal",
        "files.info",
        "reactions.add",
        "upload",
        "users.info",
        "views.publish",
    }
)
_TRIES: Final = 3
_PATIENCE: Final = 60.0
_BACKOFF_SECONDS: Final = 0.5
_DEFAULT_RETRY_AFTER: Final = 3.0
_LEAST_RETRY_AFTER: Final = 0.5
_LOOK_AFTER_SECONDS: Final = 1.0
_MOST_PAGES: Final = 50


class DeliveryUnconfirmed(DeliveryDelayed):
    """Slack may or may not have done it: the answer was lost, or was no answer."""


@dataclass(frozen=True, slots=True)
class _Where:
    """Where a post goes and what it is, as in `SlackCalls.post`."""

    channel: str
    thread_ts: str
    turn_id: str
    part: int
    event_type: str
    after_ts: str
    patience: float


class SlackCalls:
    """Calls one workspace's Web API.

    Share one per workspace: what a rate limit said to one turn holds for all of them.

    Args:
        client: Made with `retry_handlers=[]`; by default the SDK sends a request again after a
            connection error, and a message that was already posted is then posted twice.
        sleep: Waits that many seconds.
        clock: Seconds, only ever rising.
        jitter: A random number from 0 to 1.
        timeout: Seconds for one request. The client's own is not used when it has a session.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        *,
        sleep: Sleep = asyncio.sleep,
        clock: Clock = time.monotonic,
        jitter: Callable[[], float] = random.random,
        timeout: float = 15.0,
    ) -> None:
        if client.retry_handlers:
            raise ValueError("SlackCalls needs an AsyncWebClient made with retry_handlers=[]")
        self._client = client
        self._sleep = sleep
        self._clock = clock
        self._jitter = jitter
        self._timeout = timeout
        self._check: Callable[[], None] = _allow
        self._blocked_until: dict[str, float] = {}
        self._posts_due: dict[str, float] = {}

    def fenced(self, check: Callable[[], None]) -> "SlackCalls":
        """Return a view that asks `check` right before each request leaves, repeated ones too.

        It shares all that is known of limits. What `check` raises passes through as it is, and the
        request stays here: raise LeaseLost when another process may be doing the same work.
        """
        view = copy.copy(self)
        view._check = check  # noqa: SLF001  # a copy of ourselves
        return view

    async def call(
        self, method: str, *, patience: float = 30.0, **arguments: object
    ) -> dict[str, Any]:
        """Call one method and return Slack's answer.

        A rate limit is waited out; trouble at Slack's end or on the way there is tried again, but
        only where doing it twice does no harm. Both for `patience` seconds at most. Arguments that
        are None are left out.

        Raises:
            DeliveryUnconfirmed: It may or may not have been done.
            DeliveryDelayed: It was not done, and may be done later.
            DeliveryRefused: Slack will not do it; `code` says why.
        """
        send = getattr(self._client, method.replace(".", "_"))
        answer = await self._persist(method, lambda: send(**arguments), patience)
        return dict(answer.data)

    async def post(
        self,
        message: OutgoingMessage,
        *,
        channel: str,
        thread_ts: str,
        turn_id: str,
        part: int,
        event_type: str = ANSWER_EVENT,
        after_ts: str = "",
        patience: float = _PATIENCE,
        simplify: bool = True,
    ) -> str:
        """Post a message of a turn once, and return its `ts`.

        Slack takes no client key for a post (chat.postMessage), so when its answer is lost the
        thread is searched for this turn, part and event type before anything is posted again.

        Args:
            message: What to post.
            channel: Where.
            thread_ts: The thread's root.
            turn_id: The turn it belongs to.
            part: Its number among the messages of this event type in the turn.
            event_type: The metadata event type.
            after_ts: Nothing of this turn is older; bounds the search.
            patience: Seconds to wait for Slack, as in `call`.
            simplify: Whether simpler forms are posted when Slack refuses the blocks.

        Raises DeliveryError as `call` does.
        """
        where = _Where(channel, thread_ts, turn_id, part, event_type, after_ts, patience)
        forms = (message, *(render_plainly(message) if simplify else ()))
        for form in forms[:-1]:
            try:
                return await self._post_once(form, where)
            except DeliveryRefused as error:
                if error.code not in BLOCK_FAULTS:
                    raise
                log.warning("blocks_refused", method="chat.postMessage", detail=str(error))
        return await self._post_once(forms[-1], where)

    async def update(self, message: OutgoingMessage, *, channel: str, ts: str, **more: Any) -> None:
        """Put `message` in the place of the one at `ts`; the caller keeps to the time between two.

        Simpler forms are tried when Slack refuses the blocks, as long as they hold the whole text.
        `more` goes to chat.update as it is. Raises DeliveryError as `call` does.
        """
        forms = [
            form
            for form in (message, *render_plainly(message))
            if form.blocks or len(form.text) <= limits.TEXT_CHARS
        ]
        for form in forms:
            try:
                await self.call(
                    "chat.update",
                    channel=channel,
                    ts=ts,
                    text=form.text,
                    blocks=form.blocks or None,
                    **more,
                )
            except DeliveryRefused as error:
                if error.code not in BLOCK_FAULTS or form is forms[-1]:
                    raise
                log.warning("blocks_refused", method="chat.update", detail=str(error))
            else:
                return

    async def find_posts(
        self,
        *,
        channel: str,
        thread_ts: str,
        turn_id: str,
        event_type: str = ANSWER_EVENT,
        after_ts: str = "",
    ) -> dict[int, str]:
        """Return the `ts` of each of a turn's messages by part, read from the thread's metadata."""
        found: dict[int, str] = {}
        for message in await self.read_replies(channel, thread_ts, after_ts):
            about = message.get("metadata") or {}
            payload = about.get("event_payload") or {}
            ours = about.get("event_type") == event_type and payload.get("turn") == turn_id
            if ours and isinstance(part := payload.get("part"), int):
                found[part] = str(message["ts"])
        return found

    async def read_replies(
        self, channel: str, thread_ts: str, after_ts: str = ""
    ) -> list[dict[str, Any]]:
        """Return the thread's messages newer than `after_ts` with their metadata, oldest first."""
        replies: list[dict[str, Any]] = []
        cursor = None
        for _ in range(_MOST_PAGES):
            page = await self.call(
                "conversations.replies",
                channel=channel,
                ts=thread_ts,
                oldest=after_ts or None,
                include_all_metadata=True,
                limit=limits.REPLIES_PAGE,
                cursor=cursor,
            )
            replies += [reply for reply in page["messages"] if reply["ts"] > after_ts]
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
        return replies

    async def whisper(
        self, message: OutgoingMessage, *, channel: str, user: str, thread_ts: str | None = None
    ) -> None:
        """Show a message to one person only; it can't be changed or taken back.

        Raises DeliveryError as `call` does.
        """
        await self.call(
            "chat.postEphemeral",
            channel=channel,
            user=user,
            thread_ts=thread_ts,
            text=message.text,
            blocks=message.blocks or None,
        )

    async def upload(
        self, filename: str, content: str, *, channel: str, thread_ts: str, title: str
    ) -> str:
        """Attach a text file to a thread once, and return its id.

        Slack takes no client key here either: when the answer to the last of the three requests is
        lost, the file itself tells whether it was shared. Raises DeliveryError as `call` does.
        """
        data = content.encode()
        ticket = await self.call(
            "files.getUploadURLExternal", filename=filename, length=len(data), patience=_PATIENCE
        )
        file_id = str(ticket["file_id"])
        url = str(ticket["upload_url"])
        await self._persist("upload", lambda: self._send_bytes(url, data), _PATIENCE)
        tries = 0
        while True:
            try:
                await self.call(
                    "files.completeUploadExternal",
                    files=[{"id": file_id, "title": title}],
                    channel_id=channel,
                    thread_ts=thread_ts,
                    patience=_PATIENCE,
                )
            except DeliveryUnconfirmed as error:
                tries += 1
                if await self._is_shared(file_id, error):
                    log.info("upload_adopted")
                elif tries < _TRIES:
                    continue
                else:
                    raise
            return file_id

    async def _is_shared(self, file_id: str, error: DeliveryUnconfirmed) -> bool:
        """Tell whether a file stands in any conversation; raise `error` if we can't look."""
        await self._sleep(_LOOK_AFTER_SECONDS)  # Slack may still be storing it
        try:
            file = (await self.call("files.info", file=file_id))["file"]
        except DeliveryError as failure:
            if failure.code == "file_not_found":  # nothing is known of it before it is shared
                return False
            raise error from failure
        return bool(file.get("shares"))

    async def _send_bytes(self, url: str, data: bytes) -> None:
        """Send a file's content; the address is a secret of its own and takes no token."""
        known = self._client.session
        opened = aiohttp.ClientSession(trust_env=True) if known is None else nullcontext(known)
        async with opened as session, session.post(url, data=data) as response:
            if response.status != 200:
                raise SlackRequestError(f"the upload was answered with {response.status}")

    async def _post_once(self, message: OutgoingMessage, where: "_Where") -> str:
        tries = 0
        while True:
            await self._pace(where.channel)
            try:
                answer = await self.call(
                    "chat.postMessage",
                    patience=where.patience,
                    channel=where.channel,
                    thread_ts=where.thread_ts,
                    text=message.text,
                    blocks=message.blocks or None,
                    metadata=metadata(where.turn_id, where.part, where.event_type),
                    unfurl_links=False,
                    unfurl_media=False,
                )
            except DeliveryUnconfirmed as error:
                tries += 1
                ts = await self._find_unconfirmed(error, where)
                if ts is not None:
                    log.info("post_adopted", turn=where.turn_id, part=where.part)
                    return ts
                if tries == _TRIES:
                    raise
                log.warning("post_retry", attempt=tries, code=error.code)
            else:
                return str(answer["ts"])

    async def _find_unconfirmed(self, error: DeliveryUnconfirmed, where: "_Where") -> str | None:
        """Find what an unconfirmed post may have left behind; raise `error` if we can't look."""
        await self._sleep(_LOOK_AFTER_SECONDS)  # Slack may still be storing it
        try:
            found = await self.find_posts(
                channel=where.channel,
                thread_ts=where.thread_ts,
                turn_id=where.turn_id,
                event_type=where.event_type,
                after_ts=where.after_ts,
            )
        except DeliveryError as failure:
            raise error from failure
        return found.get(where.part)

    async def _persist(
        self, method: str, send: Callable[[], Awaitable[Any]], patience: float
    ) -> Any:
        """Send until it is answered for good or `patience` seconds are over."""
        deadline = self._clock() + patience
        tries = 0
        while True:
            await self._wait_for_limit(method, deadline)
            try:
                return await self._send(method, send)
            except DeliveryDelayed as error:
                if error.code in _RATE_LIMITED:
                    self._blocked_until[method] = self._clock() + (error.retry_after or 0)
                    pause = (error.retry_after or 0) + self._jitter()
                else:
                    tries += 1
                    harmless = method in _REPEATABLE or error.code == _NOT_SENT
                    if not harmless or tries == _TRIES:
                        raise
                    pause = _BACKOFF_SECONDS * 2**tries * (0.5 + self._jitter())
                if self._clock() + pause > deadline:
                    raise
                log.info("slack_retry", method=method, code=error.code, seconds=round(pause, 2))
                await self._sleep(pause)

    async def _wait_for_limit(self, method: str, deadline: float) -> None:
        """Wait until the method's rate limit, told to whichever turn, is over."""
        wait = self._blocked_until.get(method, 0.0) - self._clock()
        if wait <= 0:
            return
        if self._clock() + wait > deadline:
            raise DeliveryDelayed(f"{method}: rate limited", code="ratelimited", retry_after=wait)
        await self._sleep(wait + self._jitter())

    async def _pace(self, channel: str) -> None:
        """Keep to one post a second in a channel, with small bursts."""
        now = self._clock()
        for at in [at for at, due in self._posts_due.items() if due <= now]:
            del self._posts_due[at]
        due = max(self._posts_due.get(channel, 0.0), now)
        self._posts_due[channel] = due + limits.POST_SECONDS
        wait = due - now - (limits.POST_BURST - 1) * limits.POST_SECONDS
        if wait > 0:
            await self._sleep(wait)

    async def _send(self, method: str, send: Callable[[], Awaitable[Any]]) -> Any:
        self._check()
        try:
            async with asyncio.timeout(self._timeout):
                return await send()
        except SlackApiError as error:
            raise _translate(method, error.response) from error
        except aiohttp.ClientConnectorError as error:
            raise DeliveryDelayed(f"{method}: no connection", code=_NOT_SENT) from error
        except (aiohttp.ClientError, SlackRequestError, OSError) as error:
            raise DeliveryUnconfirmed(
                f"{method}: {type(error).__name__}", code="connection"
            ) from error
        except (AttributeError, TypeError, ValueError) as error:
            # AsyncSlackResponse.validate() and aiohttp trip over bodies that are no JSON object.
            raise DeliveryUnconfirmed(f"{method}: no JSON object", code="no_json") from error


def metadata(turn_id: str, part: int, event_type: str = ANSWER_EVENT) -> dict[str, Any]:
    """Build the metadata by which a message is known as this part of this turn."""
    return {"event_type": event_type, "event_payload": {"turn": turn_id, "part": part}}


def _allow() -> None:
    """Let every request leave."""


def _translate(method: str, response: Any) -> DeliveryError:
    """Turn a failed response into an error of ours.

    `response` is no AsyncSlackResponse but aiohttp's own when the body was called JSON and was
    none (slack_sdk `_request_with_session`); and its data may be bytes, text or a list.
    """
    status: int = getattr(response, "status_code", 0) or getattr(response, "status", 0)
    data = getattr(response, "data", None)
    body: Mapping[str, Any] = data if isinstance(data, dict) else {}
    code = str(body.get("error") or f"http_{status}")
    if status == 429 or code in _RATE_LIMITED:
        return DeliveryDelayed(
            f"{method}: rate limited",
            code="ratelimited",
            retry_after=_read_retry_after(getattr(response, "headers", {}), body),
        )
    if status >= 500 or "error" not in body or code in _TROUBLE_AT_SLACK:
        return DeliveryUnconfirmed(f"{method}: {code}", code=code)
    return DeliveryRefused(
        ": ".join([method, code, *_read_reasons(body)]),
        code=code,
        needed=str(body.get("needed") or "") if code == "missing_scope" else "",
    )


def _read_retry_after(headers: Mapping[str, str], body: Mapping[str, Any]) -> float:
    """Return the seconds to wait; the header may be absent, fractional or nonsense."""
    told = headers.get("Retry-After") or body.get("retry_after")
    try:
        seconds = float(told or _DEFAULT_RETRY_AFTER)
    except (TypeError, ValueError):
        return _DEFAULT_RETRY_AFTER
    return max(seconds, _LEAST_RETRY_AFTER) if math.isfinite(seconds) else _DEFAULT_RETRY_AFTER


def _read_reasons(body: Mapping[str, Any]) -> list[str]:
    """Return what Slack says about a refusal: JSON pointers and scope names, no content."""
    reasons = (body.get("response_metadata") or {}).get("messages") or []
    needed = [f"needs {body['needed']}"] if body.get("needed") else []
    return [*map(str, reasons), *needed]
