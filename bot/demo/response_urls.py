"""`response_url`s: five answers in thirty minutes to a press or a command, without a token."""

import secrets
from dataclasses import dataclass, replace

from aiohttp import web

from bot.demo import limits
from bot.demo.arguments import Arguments, Refusal
from bot.demo.methods.chat import read_content
from bot.demo.workspace import Json, Message, Workspace


@dataclass(slots=True)
class ResponseUrl:
    """One URL: what it answers to, and how often it was used."""

    channel: str
    user: str
    original: Message | None
    issued_at: float
    uses: int = 0


class ResponseUrls:
    """Issues the URLs and serves them."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._issued: dict[str, ResponseUrl] = {}

    def issue(self, channel: str, user: str, original: Message | None) -> str:
        """Return a new URL; `original` is the message whose element was pressed."""
        secret = secrets.token_urlsafe(18)
        now = self._workspace.clock()
        self._issued[secret] = ResponseUrl(channel, user, original, now)
        return f"{self._workspace.origin}/response/{secret}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        url = self._issued.get(request.match_info["secret"])
        now = self._workspace.clock()
        if url is None or now - url.issued_at > limits.RESPONSE_URL_SECONDS:
            return web.json_response({"ok": False, "error": "expired_url"}, status=404)
        if url.uses >= limits.RESPONSE_URL_USES:
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        url.uses += 1
        try:
            self._respond(url, await request.json())
        except Refusal as refusal:
            return web.json_response({"ok": False, "error": refusal.code, **refusal.extra})
        return web.json_response({"ok": True})

    def show(self, channel: str, user: str, body: Json) -> None:
        """Show what an app acked a command with."""
        self._respond(ResponseUrl(channel, user, None, 0.0), body)

    def _respond(self, url: ResponseUrl, body: Json) -> None:
        original = url.original
        if body.get("delete_original") and original is not None:
            if original.audience:
                self._workspace.hide_ephemeral(original.place)
            else:
                self._workspace.delete(original.place)
            return
        # A response URL does not know `markdown_text` (vercel/chat#440).
        content = read_content(
            Arguments({name: value for name, value in body.items() if name != "markdown_text"})
        )
        if body.get("replace_original") and original is not None:
            self._replace(original, content)
            return
        message = replace(
            content,
            channel=url.channel,
            ts=self._workspace.next_ts(url.channel),
            thread_ts=body.get("thread_ts") or (original.thread_ts if original else ""),
        )
        if body.get("response_type") == "in_channel":
            self._workspace.post(message)
        else:
            self._workspace.show_only_to(replace(message, audience=url.user))

    def _replace(self, original: Message, content: Message) -> None:
        changed = replace(original, text=content.text, blocks=content.blocks)
        if original.audience:
            self._workspace.show_only_to(changed)
        else:
            current = self._workspace.messages[original.place]
            self._workspace.put(replace(current, text=content.text, blocks=content.blocks))
