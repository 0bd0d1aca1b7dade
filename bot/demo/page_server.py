"""The page in the browser: its files, what changes under it, and what a person does on it."""

import asyncio
import json
import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from bot.demo.composing import encode_typed
from bot.demo.deliveries import Undelivered
from bot.demo.people import FileToShare, People
from bot.demo.shapes import channel_json, message_json, thread_json, user_json
from bot.demo.workspace import ALICE, BOT_USER_ID, Change, Json, Message, Place, Workspace

_FOLDER = Path(__file__).parent / "page"
_COMMAND = "/aloud"
_CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'"
)
_SHOWN_INLINE = {"image/png", "image/jpeg", "image/gif", "image/webp"}

Key = tuple[str, str, str]
"""What changed, for the page: a kind, a channel, a `ts`."""


class Changes:
    """What one open page has not been told yet.

    Only names of things are kept, not their states: however slowly the page reads, it gets the
    newest state of each and never a growing backlog.
    """

    def __init__(self) -> None:
        self._keys: dict[Key, None] = {}
        self._some = asyncio.Event()

    def note(self, change: Change) -> None:
        kind = "message" if change.kind in _MESSAGE_CHANGES else change.kind
        self._keys[(kind, change.channel, change.ts)] = None
        if change.after is not None and change.after.thread_ts:
            self._keys[("message", change.channel, change.after.thread_ts)] = None
        if change.before is not None and change.before.thread_ts:
            self._keys[("message", change.channel, change.before.thread_ts)] = None
        self._some.set()

    async def take(self) -> list[Key]:
        await self._some.wait()
        self._some.clear()
        keys = list(self._keys)
        self._keys.clear()
        return keys


_MESSAGE_CHANGES = {"posted", "edited", "deleted", "streamed", "reaction"}


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
            ("stop", self._stop),
            ("open", self._open),
            ("submit", self._submit),
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
            await _write_event(response, {"kind": "snapshot", **self._snapshot(user)})
            while True:
                for key in await changes.take():
                    await _write_event(response, self._describe(key, user))
        finally:
            unwatch()

    def _snapshot(self, user: str) -> Json:
        workspace = self._people.workspace
        shown = (*workspace.messages.values(), *_shown_to(workspace, user))
        return {
            "me": user,
            "app": BOT_USER_ID,
            "banner": self._banner,
            **self._directory(user),
            "messages": [page_message(workspace, message) for message in shown],
            "statuses": [status_json(workspace, place) for place in workspace.statuses],
            "sessions": [status_json(workspace, place) for place in workspace.sessions],
            "prompts": [
                prompts_json(workspace, place)
                for place in workspace.prompts
                if user in workspace.channels[place[0]].members
            ],
            "view": workspace.views.get(f"modal:{user}"),
        }

    def _directory(self, user: str) -> Json:
        workspace = self._people.workspace
        return {
            "users": [user_json(each) for each in workspace.users.values()],
            "channels": [
                channel_json(channel, user)
                for channel in workspace.channels.values()
                if user in channel.members
            ],
        }

    def _describe(self, key: Key, user: str) -> Json:
        kind, channel, ts = key
        workspace = self._people.workspace
        match kind:
            case "message" | "ephemeral":
                message = workspace.messages.get((channel, ts)) or workspace.ephemerals.get(
                    (channel, ts)
                )
                if message is None or message.audience not in {"", user}:
                    return {"kind": "gone", "channel": channel, "ts": ts}
                return {"kind": "message", "message": page_message(workspace, message)}
            case "status" | "session":
                return {"kind": "status", **status_json(workspace, (channel, ts))}
            case "prompts":
                return {"kind": "prompts", **prompts_json(workspace, (channel, ts))}
            case "view":
                return {"kind": "view", "view": workspace.views.get(f"modal:{user}")}
            case _:
                return {"kind": "directory", **self._directory(user)}

    async def _post(self, request: web.Request) -> web.StreamResponse:
        """Post typed text with files, or run the slash command it begins with."""
        form = await request.post()
        user, channel = str(form["user"]), str(form["channel"])
        text = str(form.get("text", ""))
        if text == _COMMAND or text.startswith(f"{_COMMAND} "):
            return await self._answer(
                self._people.command(user, channel, _COMMAND, text.removeprefix(_COMMAND).strip())
            )
        files: list[FileToShare] = [
            (field.filename, field.file.read(), _media_type(field))
            for field in form.getall("file", [])
            if isinstance(field, web.FileField)
        ]
        thread_ts = str(form.get("thread_ts", "")) or None
        ts = await self._people.post(user, channel, self._encode(text), thread_ts, files)
        return web.json_response({"ts": ts})

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
        body = await request.json()
        return await self._answer(
            self._people.press(
                body["user"],
                body["channel"],
                body["ts"],
                body["action_id"],
                value=body.get("value"),
            )
        )

    async def _stop(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        await self._people.stop(body["user"], body["channel"], body["thread_ts"])
        return web.json_response({})

    async def _open(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        await self._people.open_app(body["user"])
        return web.json_response({})

    async def _submit(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if body.get("values") is None:
            self._people.close_modal(body["user"])
            return web.json_response({})
        return await self._answer(self._people.submit(body["user"], body["values"]))

    async def _answer(self, interaction: Awaitable[object]) -> web.Response:
        """Wait for the app's ack; Slack shows a warning sign when there is none."""
        try:
            await interaction
        except Undelivered:
            return web.json_response({"error": "The app did not respond."}, status=504)
        return web.json_response({})

    def _encode(self, typed: str) -> str:
        workspace = self._people.workspace
        users = {user.name.lower(): user.id for user in workspace.users.values()}
        channels = {c.name: c.id for c in workspace.channels.values() if c.name}
        return encode_typed(typed, users, channels)


def page_message(workspace: Workspace, message: Message) -> Json:
    """Return a message as the page draws it: Slack's JSON and a little more."""
    return {
        **message_json(workspace, message),
        **thread_json(workspace, message),
        "channel": message.channel,
        "ephemeral": bool(message.audience),
    }


def status_json(workspace: Workspace, place: Place) -> Json:
    status = workspace.statuses.get(place)
    return {
        "channel": place[0],
        "thread_ts": place[1],
        "text": workspace.status_of(place),
        "set_at": status.set_at if status else 0,
        "loading_messages": list(status.loading_messages) if status else [],
        "session": workspace.sessions.get(place, "active"),
    }


def prompts_json(workspace: Workspace, place: Place) -> Json:
    prompts = list(workspace.prompts.get(place, ()))
    return {"channel": place[0], "thread_ts": place[1], "prompts": prompts}


def _shown_to(workspace: Workspace, user: str) -> list[Message]:
    return [message for message in workspace.ephemerals.values() if message.audience == user]


def _media_type(field: web.FileField) -> str:
    given = field.content_type
    if given and given != "application/octet-stream":
        return given
    return mimetypes.guess_type(field.filename)[0] or "application/octet-stream"


async def _write_event(response: web.StreamResponse, body: Json) -> None:
    await response.write(f"data: {json.dumps(body)}\n\n".encode())
