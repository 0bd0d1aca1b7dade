"""Files shared in Slack: what an event says about one, and its bytes.

```
DocumentError
├── FileElsewhere          Drive, Box, a link: Slack doesn't have the bytes
├── FileDeleted
├── FileHidden             past the plan's limit
├── FileNotShared          we aren't in a channel that it is shared to
├── FilePermissionMissing  the app lacks files:read
├── FileTooLarge
└── FileUnreachable        the download failed
```
"""

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, BinaryIO, Literal, TypeVar

import aiohttp
import httpx
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.conversation.messages import SharedFile
from bot.errors import DocumentError
from bot.language import mark

T = TypeVar("T")
State = Literal["stored", "unresolved", "external", "deleted", "hidden"]

MAX_REDIRECTS = 5
RETRY_DELAYS = (1.0, 2.0, 4.0)
"""Seconds: a fresh file can be out of reach while Slack scans it (openclaw#63588)."""

MAX_RETRY_AFTER = 30.0
ATTEMPT_SECONDS = 120.0
"""For one whole download; httpx's own time-outs start anew with every chunk."""

_CHUNK_BYTES = 1024 * 1024
_HEAD_BYTES = 512

_NAME_CHARACTERS = 255
_CANVAS_MODES = frozenset({"canvas", "email", "post", "quip", "space"})
_CANVAS_TYPE = "application/vnd.slack-docs"
_HTML_ENDINGS = (".html", ".htm", ".xhtml", ".mht", ".mhtml", ".eml")

_GONE = frozenset({"file_not_found", "file_deleted"})
_NOT_SHARED = frozenset({"not_visible", "access_denied", "slack_connect_canvas_sharing_blocked"})
_NO_PERMISSION = frozenset({"missing_scope", "no_permission", "not_allowed_token_type"})
_PASSING = frozenset({
    "fatal_error", "internal_error", "rate_limited", "ratelimited", "request_timeout",
    "service_unavailable",
})  # fmt: skip


class FileElsewhere(DocumentError):
    """Slack only knows a link to it; our credentials are worth nothing there."""

    sentence = mark(
        "I can't open {name}, because it is kept outside of Slack. Please upload the file itself "
        "here, or paste the text."
    )


class FileDeleted(DocumentError):
    """It is gone."""

    sentence = mark("I can't read {name}, because it was deleted. Please share it again.")


class FileHidden(DocumentError):
    """The workspace's plan hides old files."""

    sentence = mark(
        "I can't read {name}, because your Slack plan hides files of that age. "
        "Please share it again."
    )


class FileNotShared(DocumentError):
    """Slack doesn't let us see it, for where it is shared."""

    sentence = mark(
        "Slack doesn't let me see {name}. Please invite me to a channel where it is shared, "
        "or share it here again."
    )


class FilePermissionMissing(DocumentError):
    """The app was installed without `files:read`: Slack serves its sign-in page instead."""

    sentence = mark(
        "I'm not allowed to read files like {name}. Please ask whoever runs me to give the Slack "
        "app the files:read permission and to reinstall it."
    )


class FileTooLarge(DocumentError):
    """It is over the limit on bytes."""

    sentence = mark(
        "I can't take {name}: it is over my limit of {megabytes} MB. "
        "Please share only the part you need."
    )

    def __init__(self, name: str, max_bytes: int) -> None:
        super().__init__(name, f"over {max_bytes} bytes", megabytes=round(max_bytes / 1_000_000))


class FileUnreachable(DocumentError):
    """The download failed, even when tried again."""

    retryable = True
    sentence = mark(
        "I couldn't download {name} from Slack just now. Please share it again in a minute."
    )


class _NotYet(Exception):
    """An attempt failed in a way that may pass."""

    def __init__(self, reason: str, retry_after: str | None = None) -> None:
        super().__init__(reason)
        seconds = float(retry_after) if retry_after and retry_after.isdecimal() else 0.0
        self.retry_after = min(seconds, MAX_RETRY_AFTER)


def parse_file(raw: Mapping[str, Any]) -> SharedFile:
    """Read Slack's file object, whole or as a stub (Slack docs, "File object").

    What can't be told from a stub (`check_file_info`, `access_denied`, no URL) is `unresolved`:
    `files.info` has the answer. Canvases and the like are exported as HTML, whatever type and size
    their object names.
    """
    mode = _text(raw, "mode")
    media_type = _text(raw, "mimetype")
    size = raw.get("size")
    if mode in _CANVAS_MODES or media_type == _CANVAS_TYPE:
        media_type, size = "text/html", 0
    return SharedFile(
        id=_text(raw, "id"),
        name=_tidy(_text(raw, "name") or _text(raw, "title")),
        media_type=media_type,
        size=size if isinstance(size, int) else 0,
        url=_text(raw, "url_private_download") or _text(raw, "url_private"),
        state=_state(raw, mode),
        permalink=_text(raw, "permalink"),
    )


def _tidy(name: str) -> str:
    """Make one line of a name, without what nobody sees; its owner may have called it anything."""
    seen = (char for char in name if char.isspace() or unicodedata.category(char)[0] != "C")
    return " ".join("".join(seen).split())[:_NAME_CHARACTERS]


def _state(raw: Mapping[str, Any], mode: str) -> State:
    if mode == "tombstone":
        return "deleted"
    if mode == "hidden_by_limit":
        return "hidden"
    if mode == "external" or raw.get("is_external") is True:
        return "external"
    stub = _text(raw, "file_access") in {"check_file_info", "access_denied"}
    has_url = _text(raw, "url_private_download") or _text(raw, "url_private")
    return "stored" if has_url and not stub else "unresolved"


def _text(raw: Mapping[str, Any], key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""


class FileFetcher:
    """Downloads files with the token of the workspace they were shared in.

    The token goes to Slack's own hosts alone, and only over https: redirects are followed by hand,
    since a file's URL comes from outside, and generic clients drop the header even between two
    hosts of Slack's (openclaw#63588).
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        client_for: Callable[[str], Awaitable[AsyncWebClient]],
        *,
        max_bytes: int,
        trusted_origins: frozenset[str] = frozenset(),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Take what it needs.

        Args:
            http: Used for downloads; closed by whoever opened it.
            client_for: Returns the Web API client of a team, with its bot token.
            max_bytes: Larger files are refused, at the latest while they stream.
            trusted_origins: Further origins to be treated as Slack's, such as
                `https://files.slack-gov.com` or `http://127.0.0.1:1234`.
            sleep: Waits between attempts.
        """
        self._http = http
        self._client_for = client_for
        self._max_bytes = max_bytes
        self._trusted = frozenset(origin.rstrip("/") for origin in trusted_origins)
        self._sleep = sleep

    async def resolve(self, team: str, file: SharedFile) -> SharedFile:
        """Complete a file of which only the id is known (`files.info`).

        Raises:
            DocumentError: Slack doesn't have it, or doesn't let us see it.
        """
        if file.state == "unresolved" or (file.state == "stored" and not file.url):
            client = await self._client_for(team)
            file = await self._persist(lambda: _ask(client, file), file.name)
        match file.state:
            case "stored":
                return file
            case "external":
                raise FileElsewhere(file.name)
            case "deleted":
                raise FileDeleted(file.name)
            case "hidden":
                raise FileHidden(file.name)
            case "unresolved":
                raise FileNotShared(file.name, "files.info has no URL either")

    async def fetch(self, team: str, file: SharedFile, sink: BinaryIO) -> None:
        """Download a file into `sink`, after resolving it if need be.

        It never holds more than about a megabyte. On errors, `sink` may hold a part of the file.

        Raises:
            DocumentError: One of this module's.
        """
        file = await self.resolve(team, file)
        if file.size > self._max_bytes:
            raise FileTooLarge(file.name, self._max_bytes)
        bot_token = (await self._client_for(team)).token or ""
        await self._persist(lambda: self._attempt(file, bot_token, sink), file.name)

    async def check_kept(self, team: str, file: SharedFile) -> None:
        """Ask Slack whether a file is still there; when it can't be asked, it is taken to be.

        Raises:
            FileDeleted: It is gone.
        """
        client = await self._client_for(team)
        try:
            found = await _ask(client, file)
        except FileDeleted:
            raise
        except (DocumentError, _NotYet):
            return
        if found.state == "deleted":
            raise FileDeleted(file.name)

    async def _persist(self, attempt: Callable[[], Awaitable[T]], name: str) -> T:
        """Try a few times, waiting longer each time, or as long as Slack says."""
        for delay in RETRY_DELAYS:
            try:
                return await attempt()
            except _NotYet as error:
                await self._sleep(max(delay, error.retry_after))
        try:
            return await attempt()
        except _NotYet as error:
            raise FileUnreachable(name, str(error)) from error

    async def _attempt(self, file: SharedFile, bot_token: str, sink: BinaryIO) -> None:
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                await self._download(file, bot_token, sink)
        except httpx.TransportError as error:
            raise _NotYet(type(error).__name__) from error
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise FileUnreachable(file.name, type(error).__name__) from error

    async def _download(self, file: SharedFile, bot_token: str, sink: BinaryIO) -> None:
        url = httpx.URL(file.url)
        if not self._may_visit(url):
            raise FileElsewhere(file.name, f"host {url.host!r}")
        for _ in range(MAX_REDIRECTS + 1):
            if not self._may_visit(url):
                raise FileUnreachable(file.name, f"redirected to host {url.host!r}")
            response = await self._http.send(
                self._request(url, bot_token), stream=True, follow_redirects=False
            )
            try:
                if not response.has_redirect_location:
                    await self._receive(file, response, sink)
                    return
            finally:
                await response.aclose()
            url = url.join(response.headers["Location"])
        raise FileUnreachable(file.name, "too many redirects")

    def _request(self, url: httpx.URL, bot_token: str) -> httpx.Request:
        # Compressed bodies would make lengths incomparable, and could be bombs.
        headers = {"Accept-Encoding": "identity"}
        if self._may_hold_token(url):
            headers["Authorization"] = f"Bearer {bot_token}"
        request = self._http.build_request("GET", url, headers=headers)
        # The client is shared by all workspaces: what one was given isn't for the next.
        request.headers.pop("Cookie", None)
        return request

    def _may_visit(self, url: httpx.URL) -> bool:
        host = url.host
        listed = host in {"slack.com", "slack-files.com"} or host.endswith(".slack-edge.com")
        return self._may_hold_token(url) or (listed and _is_plain_https(url))

    def _may_hold_token(self, url: httpx.URL) -> bool:
        if not url.userinfo and f"{url.scheme}://{url.netloc.decode()}" in self._trusted:
            return True
        return url.host.endswith(".slack.com") and _is_plain_https(url)

    async def _receive(self, file: SharedFile, response: httpx.Response, sink: BinaryIO) -> None:
        status = response.status_code
        if status in {401, 403}:
            raise FileNotShared(file.name, f"status {status}")
        if status in {404, 429} or status >= 500:
            raise _NotYet(f"status {status}", response.headers.get("Retry-After"))
        if status != 200:
            raise FileUnreachable(file.name, f"status {status}")
        declared = response.headers.get("Content-Length", "")
        if declared.isdecimal() and int(declared) > self._max_bytes:
            raise FileTooLarge(file.name, self._max_bytes)
        # An attempt before may have left something.
        await asyncio.to_thread(_empty, sink)
        head = b""
        size = 0
        async for chunk in response.aiter_bytes(_CHUNK_BYTES):
            size += len(chunk)
            if size > self._max_bytes:
                raise FileTooLarge(file.name, self._max_bytes)
            head = head or chunk[:_HEAD_BYTES]
            await asyncio.to_thread(sink.write, chunk)
        if _is_sign_in_page(file, response.headers.get("Content-Type", ""), head, size):
            raise FilePermissionMissing(file.name, "HTML in place of the file")
        if size < file.size:
            raise _NotYet(f"{size} of {file.size} bytes")


def _empty(sink: BinaryIO) -> None:
    sink.seek(0)
    sink.truncate()


async def _ask(client: AsyncWebClient, file: SharedFile) -> SharedFile:
    """Ask Slack about a file once (Slack docs, files.info)."""
    try:
        answer = await client.files_info(file=file.id)
    except SlackApiError as error:
        raise _translate(error, file.name) from error
    except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
        raise _NotYet(type(error).__name__) from error
    raw = answer.get("file")
    return parse_file(raw if isinstance(raw, dict) else {})


def _translate(error: SlackApiError, name: str) -> Exception:
    response = error.response
    if not isinstance(response, AsyncSlackResponse):
        return _NotYet("no JSON")
    code = str(response.get("error", ""))
    if code in _GONE:
        return FileDeleted(name, code)
    if code in _NOT_SHARED:
        return FileNotShared(name, code)
    if code in _NO_PERMISSION:
        return FilePermissionMissing(name, code)
    if code in _PASSING or response.status_code >= 500:
        return _NotYet(code or f"status {response.status_code}", _retry_after(response))
    return FileUnreachable(name, code)


def _retry_after(response: AsyncSlackResponse) -> str | None:
    headers = {key.lower(): value for key, value in response.headers.items()}
    return headers.get("retry-after")


def _is_plain_https(url: httpx.URL) -> bool:
    return url.scheme == "https" and url.port is None and not url.userinfo


def _is_sign_in_page(file: SharedFile, content_type: str, head: bytes, size: int) -> bool:
    """Tell Slack's sign-in page from the file; it comes with status 200 (vercel/eve#1531).

    A file that is HTML itself, or begins like it, is told by having the announced length.
    """
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    is_html = content_type.startswith("text/html") or start.startswith(
        (b"<!doctype html", b"<html")
    )
    if not is_html or (file.size and size == file.size):
        return False
    expected = file.media_type == "text/html" or file.name.lower().endswith(_HTML_ENDINGS)
    return bool(file.size) or not expected
