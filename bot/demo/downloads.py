"""File bytes: `GET /files-pri/…` for those who show the token, `POST /upload/v1/…`."""

import asyncio
import re

from aiohttp import web

from bot.demo.faults import Faults
from bot.demo.methods.files import Uploads
from bot.demo.workspace import Workspace

_SIGN_IN = (
    "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head>"
    "<body><h1>Sign in to Acme</h1></body></html>"
)
_FILE_ID = re.compile(r"^[^-/]+-(F[A-Z0-9]+)$")


class Downloads:
    """Serves the private file URLs and takes uploads.

    Without the bot's token Slack answers 200 with its sign-in page (vercel/eve#1531).
    """

    def __init__(
        self, workspace: Workspace, faults: Faults, bot_token: str, uploads: Uploads
    ) -> None:
        self._workspace = workspace
        self._faults = faults
        self._bot_token = bot_token
        self._uploads = uploads

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/files-pri/{key}/{name}", self.serve)
        router.add_get("/files-pri/{key}/download/{name}", self.serve)
        router.add_post("/upload/v1/{ticket}", self.receive)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        match = _FILE_ID.match(request.match_info["key"])
        file_id = match[1] if match else ""
        content = self._workspace.contents.get(file_id)
        if content is None:
            raise web.HTTPNotFound(text="File not found")
        fault = self._faults.downloads.get(file_id)
        if fault in {"redirect", "redirect_away"} and "to" not in request.query:
            host = "http://localhost.invalid" if fault == "redirect_away" else ""
            raise web.HTTPFound(f"{host}{request.path}?to=cdn")
        if fault == "forbidden":
            raise web.HTTPForbidden(text="forbidden")
        authorized = request.headers.get("Authorization") == f"Bearer {self._bot_token}"
        withheld = "files:read" in self._faults.withheld_scopes
        if not authorized or withheld or fault == "html":
            return web.Response(text=_SIGN_IN, content_type="text/html")
        if fault == "stall":
            await asyncio.Event().wait()
        if fault == "short":
            content = content[: len(content) // 2]
        file = self._workspace.files[file_id]
        media_type = file.media_type or "application/octet-stream"
        return web.Response(body=content, headers={"Content-Type": media_type})

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Take the raw bytes of an upload, or the `file` field of a form."""
        if request.content_type == "multipart/form-data":
            field = (await request.post()).get("file") or b""
            content = field.file.read() if isinstance(field, web.FileField) else bytes(field)  # type: ignore[arg-type]  # a plain form field; its bytes then fail the length check
        else:
            content = await request.read()
        if not self._uploads.receive(request.match_info["ticket"], content):
            raise web.HTTPBadRequest(text="upload refused")
        return web.Response(text=f"OK - {len(content)}")
