"""The page in the browser: its files, what changes under it, and what a person does on it."""

import asyncio
import json
import mimetypes
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from bot.demo.composing import encode_typed
from bot.demo.deliveries import Ack, Undelivered
from bot.demo.page_state import Changes, describe, take_snapshot
from bot.demo.people import FileToShare, People
from bot.demo.workspace import ALICE, Json

_FOLDER = Path(__file__).parent / "page"
_COMMAND = re.compile(r"(/[a-z0-9_-]+)(?:\s+|$)", re.IGNORECASE)
_CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'"
)
_LONGEST_TITLE = 200
_SHOWN_INLINE = {"image/png", "image/jpeg", "image/gif", "image/webp"}


class PageServer:
    """Serves the page, and nothing to other sites' pages.

    Args:
        people: Whose verbs the page speaks.
        banner: A note for the top of the page, with inline Markdown; "" for none.
    """

    def __init__(self, people: People, banner: str) -> None:
        self._people = people
        self._banner = banner
        self._streams: set[asyncio.Task[None]] = set()

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/", self._index)
        router.add_get("/archives/{channel}/{message}", self._index)
        router.add_get("/page/assets/{name}", self._asset)
        router.add_get("/page/changes", self._guarded(self._changes))
        router.add_get("/page/files/{file}/{name}", self._guarded(self._file))
        for name, act in (
            ("post", self._post),
            ("edit", self._edit),
            ("delete", self._delete),
            ("press", self._press),
            ("shortcut", self._shortcut),
            ("react", self._react),
            ("submit", self._submit),
            ("stop", self._stop),
            ("open", self._open),
            ("look", self._look),
            ("rename", self._rename),
            ("invite", self._invite),
            ("remove", self._remove),
        ):
            router.add_post(f"/page/{name}", self._guarded(act))

    async def close(self) -> None:
        """End the pages' event streams."""
        for stream in tuple(self._streams):
            stream.cancel()
        await asyncio.gather(*self._streams, return_exceptions=True)

    def _guarded(
        self, serve: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Refuse what another site's page could send: foreign hosts, and forms without our header.

        A browser adds a custom header across origins only after asking the server first, and a
        name that was rebound to 127.0.0.1 still shows in `Host`.
        """

        async def guard(request: web.Request) -> web.StreamResponse:
            host = request.host.rpartition(":")[0]
            if host not in {"127.0.0.1", "localhost"}:
                raise web.HTTPForbidden(text="wrong host")
            if request.method == "POST" and request.headers.get("X-Aloud-Page") != "1":
                raise web.HTTPForbidden(text="not from the page")
            return await serve(request)

        return guard

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(
            _FOLDER / "index.html",
            headers={"Content-Security-Policy": _CONTENT_POLICY, "Cache-Control": "no-cache"},
        )

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        path = _FOLDER / request.match_info["name"]
        if path.suffix not in {".js", ".css", ".svg"} or not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers={"Cache-Control": "no-cache"})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self._people.workspace.files.get(request.match_info["file"])
        content = self._people.workspace.contents.get(request.match_info["file"])
        if file is None or content is None:
            raise web.HTTPNotFound(text="This file is gone.")
        inline = file.media_type in _SHOWN_INLINE
        headers = {
            "Content-Type": file.media_type if inline else "application/octet-stream",
            "Content-Disposition": "inline" if inline else "attachment",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(body=content, headers=headers)

    async def _changes(self, request: web.Request) -> web.StreamResponse:
        """Stream server-sent events: a snapshot first, then each thing that changes."""
        user = request.query.get("user", ALICE)
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        writing = asyncio.create_task(self._write_changes(response, user))
        self._streams.add(writing)
        writing.add_done_callback(self._streams.discard)
        try:
            await asyncio.shield(writing)
        except (ConnectionError, asyncio.CancelledError):
            writing.cancel()
        return response

    async def _write_changes(self, response: web.StreamResponse, user: str) -> None:
        changes = Changes()
        unwatch = self._people.workspace.watch(changes.note)
        try:
            await _write_event(response, take_snapshot(self._people, user, self._banner))
            while True:
                for key in await changes.take():
                    if (body := describe(self._people, key, user)) is not None:
                        await _write_event(response, body)
        finally:
            unwatch()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        """Post typed text with files, or run the slash command it begins with."""
        form = await request.post()
        user, channel = str(form["user"]), str(form["channel"])
        text = str(form.get("text", ""))
        thread_ts = str(form.get("thread_ts", ""))
        if command := _COMMAND.match(text):
            return await self._answer(
                self._people.command(
                    user, channel, command[1], text[command.end() :].strip(), thread_ts=thread_ts
                ),
                said_already=True,
            )
        files: list[FileToShare] = [
            (field.filename, field.file.read(), _media_type(field))
            for field in form.getall("file", [])
            if isinstance(field, web.FileField)
        ]
        ts = await self._people.post(user, channel, self._encode(text), thread_ts or None, files)
        root = self._people.workspace.messages[(channel, ts)].root_ts
        return web.json_response({"ts": ts, "root": root})

    async def _edit(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        text = self._encode(body["text"])
        await self._people.edit(body["user"], body["channel"], body["ts"], text)
        return web.json_response({})

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        await self._people.delete(body["user"], body["channel"], body["ts"])
        return web.json_response({})

    async def _press(self, request: web.Request) -> web.StreamResponse:
        """Press or choose: in the Home tab, in the open modal, or under a message."""
        body = await request.json()
        user, action_id, value = body["user"], body["action_id"], body.get("value")
        match body.get("view"):
            case "home":
                pressing = self._people.press_home(user, action_id, value)
            case "modal":
                pressing = self._people.press_modal(
                    user, action_id, value, values=body.get("values") or {}
                )
            case _:
                pressing = self._people.press(
                    user, body["channel"], body["ts"], action_id, value=value
                )
        return await self._answer(pressing)

    async def _shortcut(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        return await self._answer(
            self._people.shortcut(body["user"], body["channel"], body["ts"], body["callback_id"])
        )

    async def _submit(self, request: web.Request) -> web.StreamResponse:
        """Submit the open modal, or close it (or all of them) when there are no values."""
        body = await request.json()
        if body.get("values") is None:
            await self._people.close_modal(body["user"], everything=bool(body.get("everything")))
            return web.json_response({})
        return await self._answer(self._people.submit(body["user"], body["values"]))

    async def _react(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        react = self._people.react if body["on"] else self._people.unreact
        await react(body["user"], body["channel"], body["ts"], body["name"])
        return web.json_response({})

    async def _stop(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        await self._people.stop(body["user"], body["channel"], body["thread_ts"])
        return web.json_response({})

    async def _open(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        opening = self._people.open_home if body["tab"] == "home" else self._people.open_app
        await opening(body["user"])
        return web.json_response({})

    async def _look(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        await self._people.look_at(body["user"], body["channel"])
        return web.json_response({})

    async def _rename(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        title = str(body["title"])[:_LONGEST_TITLE]
        await self._people.rename(body["user"], body["channel"], body["thread_ts"], title)
        return web.json_response({})

    async def _invite(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        await self._people.invite(body["user"], body["channel"])
        return web.json_response({})

    async def _remove(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        await self._people.remove(body["user"], body["channel"])
        return web.json_response({})

    async def _answer(
        self, interaction: Awaitable[Ack], *, said_already: bool = False
    ) -> web.Response:
        """Wait for the app's ack; Slack shows a warning sign when there is none.

        Args:
            interaction: The press, submission or command at work.
            said_already: The workspace itself says so when nobody acks, as with commands.
        """
        try:
            ack = await interaction
        except Undelivered:
            if said_already:
                return web.json_response({})
            return web.json_response({"error": "The app did not respond."}, status=504)
        return web.json_response({"errors": (ack.payload or {}).get("errors")})

    def _encode(self, typed: str) -> str:
        workspace = self._people.workspace
        users = {user.name.lower(): user.id for user in workspace.users.values()}
        channels = {c.name: c.id for c in workspace.channels.values() if c.name}
        return encode_typed(typed, users, channels)


def _media_type(field: web.FileField) -> str:
    given = field.content_type
    if given and given != "application/octet-stream":
        return given
    return mimetypes.guess_type(field.filename)[0] or "application/octet-stream"


async def _write_event(response: web.StreamResponse, body: Json) -> None:
    await response.write(f"data: {json.dumps(body)}\n\n".encode())
