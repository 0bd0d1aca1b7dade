"""`/api/{method}`: take a call in any shape the SDK sends, check it, run it, answer like Slack."""

import asyncio
import base64
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.demo.arguments import Arguments, Refusal
from bot.demo.faults import Fault, Faults
from bot.demo.methods import agents, chat, conversations, files, oauth, streams, views
from bot.demo.sockets import Sockets
from bot.demo.workspace import BOT_ID, BOT_USER_ID, TEAM_ID, Json, Workspace

SCOPES = (
    "app_mentions:read", "assistant:write", "channels:history", "channels:read", "chat:write",
    "commands", "files:read", "files:write", "groups:history", "groups:read", "im:history",
    "im:read", "im:write", "mpim:history", "mpim:read", "reactions:read", "reactions:write",
    "users:read",
)  # fmt: skip
"""What the app of the local workspace is granted."""


@dataclass(slots=True)
class Call:
    """One Web API call as it came, and how it was answered.

    Attributes:
        error: Slack's error code, "" for `ok: true`, None while it is not answered.
        status: The HTTP status, 0 when the connection was cut.
    """

    method: str
    arguments: Json
    at: float
    error: str | None = None
    status: int = 200


@dataclass(frozen=True, slots=True)
class Method:
    """A Web API method: what it does, and what the app must show for it.

    Attributes:
        run: What it does.
        scope: The scope it needs, "" for none.
        app_token: It takes the app-level token, not the bot's.
        token: It takes a token at all.
    """

    run: Callable[[Arguments], Json]
    scope: str = ""
    app_token: bool = False
    token: bool = True


@dataclass(frozen=True, slots=True)
class Tokens:
    """The credentials of the app in the local workspace."""

    bot: str
    app: str
    signing_secret: str
    client_id: str
    client_secret: str


class SlackApi:
    """The Web API of one workspace.

    Args:
        workspace: What the methods read and change.
        sockets: Where apps.connections.open sends the app.
        faults: What goes wrong.
        tokens: What the app must show.
        changed: Called when a call came in and when it was answered.
    """

    def __init__(
        self,
        workspace: Workspace,
        sockets: Sockets,
        faults: Faults,
        tokens: Tokens,
        changed: Callable[[], None],
    ) -> None:
        self.calls: list[Call] = []
        self.uploads = files.Uploads()
        self.triggers = views.Triggers()
        self.consents = oauth.Consents(tokens.client_id, tokens.client_secret, tokens.bot, faults)
        self._workspace = workspace
        self._sockets = sockets
        self._faults = faults
        self._tokens = tokens
        self._changed = changed
        self._methods = self._all_methods()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle one call, with the fault that was scripted for it."""
        name = request.match_info["method"]
        args, given_token = await _read_call(request)
        call = Call(name, args.values, self._workspace.clock())
        self.calls.append(call)
        self._changed()
        fault = self._faults.take(name)
        if fault is not None:
            await _wait_out(fault)
            if fault.kind in {"refuse", "status", "html"}:
                return self._answer_fault(call, fault)
            if fault.kind == "reset":
                return self._reset(call, request)
        body = self._run(name, args, given_token)
        if fault is not None and fault.kind == "cut":
            return self._reset(call, request)
        self._close(call, body.get("error", ""), 200)
        return self._respond(name, body)

    def _run(self, name: str, args: Arguments, given_token: str) -> Json:
        try:
            method = self._allowed(name, given_token)
            if not self._faults.new_blocks:
                chat.refuse_new_blocks(args)
            return {"ok": True, **method.run(args)}
        except Refusal as refusal:
            return {"ok": False, "error": refusal.code, **refusal.extra}

    def _allowed(self, name: str, given_token: str) -> Method:
        """Return the method if it exists, the token is good and the scope was granted."""
        method = self._methods.get(name)
        if method is None:
            raise Refusal("unknown_method", req_method=name)
        if not method.token:
            return method
        if not given_token:
            raise Refusal("not_authed")
        if given_token not in {self._tokens.bot, self._tokens.app}:
            raise Refusal("invalid_auth")
        if (given_token == self._tokens.app) != method.app_token:
            raise Refusal("not_allowed_token_type")
        if method.scope in self._faults.withheld_scopes:
            raise Refusal("missing_scope", needed=method.scope, provided=self._granted())
        return method

    def _granted(self) -> str:
        return ",".join(scope for scope in SCOPES if scope not in self._faults.withheld_scopes)

    def _respond(self, name: str, body: Json) -> web.Response:
        headers = {"x-oauth-scopes": self._granted(), "x-slack-req-id": uuid.uuid4().hex}
        method = self._methods.get(name)
        if method is not None and method.scope:
            headers["x-accepted-oauth-scopes"] = method.scope
        return web.json_response(body, headers=headers)

    def _answer_fault(self, call: Call, fault: Fault) -> web.Response:
        self._close(call, fault.code or "html", fault.status)
        if fault.kind == "html":
            page = "<!DOCTYPE html><html><body>Slack is having trouble</body></html>"
            return web.Response(text=page, content_type="text/html")
        body = {"ok": False, "error": fault.code}
        if fault.kind == "refuse":
            return web.json_response({**body, **fault.extra})
        return web.json_response(body, status=fault.status, headers=fault.extra)

    def _reset(self, call: Call, request: web.Request) -> web.Response:
        self._close(call, "", 0)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _close(self, call: Call, error: str, status: int) -> None:
        call.error, call.status = error, status
        self._changed()

    def _all_methods(self) -> Mapping[str, Method]:
        w = self._workspace
        return {
            "apps.connections.open": Method(self._open_connection, app_token=True),
            "auth.test": Method(self._auth_test),
            "chat.postMessage": Method(lambda a: chat.post_message(w, a), "chat:write"),
            "chat.update": Method(lambda a: chat.update(w, a), "chat:write"),
            "chat.delete": Method(lambda a: chat.delete(w, a), "chat:write"),
            "chat.postEphemeral": Method(lambda a: chat.post_ephemeral(w, a), "chat:write"),
            "chat.getPermalink": Method(lambda a: chat.get_permalink(w, a)),
            "chat.startStream": Method(self._start_stream, "chat:write"),
            "chat.appendStream": Method(lambda a: streams.append(w, a), "chat:write"),
            "chat.stopStream": Method(lambda a: streams.stop(w, a), "chat:write"),
            "conversations.info": Method(lambda a: conversations.info(w, a), "channels:read"),
            "conversations.open": Method(lambda a: conversations.open_direct(w, a), "im:write"),
            "conversations.replies": Method(
                lambda a: conversations.replies(w, a, page=self._faults.page_limit),
                "channels:history",
            ),
            "conversations.history": Method(
                lambda a: conversations.history(w, a, page=self._faults.page_limit),
                "channels:history",
            ),
            "conversations.members": Method(lambda a: conversations.members(w, a), "channels:read"),
            "users.info": Method(lambda a: conversations.user_info(w, a), "users:read"),
            "bots.info": Method(lambda a: conversations.bot_info(w, a), "users:read"),
            "reactions.add": Method(lambda a: conversations.add_reaction(w, a), "reactions:write"),
            "reactions.remove": Method(
                lambda a: conversations.remove_reaction(w, a), "reactions:write"
            ),
            "files.info": Method(lambda a: files.info(w, a), "files:read"),
            "files.delete": Method(lambda a: files.delete(w, a), "files:write"),
            "files.getUploadURLExternal": Method(
                lambda a: files.get_upload_url(w, self.uploads, a), "files:write"
            ),
            "files.completeUploadExternal": Method(
                lambda a: files.complete_upload(w, self.uploads, a), "files:write"
            ),
            "assistant.threads.setStatus": Method(lambda a: agents.set_status(w, a), "chat:write"),
            "assistant.threads.setTitle": Method(
                self._agents_only(agents.set_title), "assistant:write"
            ),
            "assistant.threads.setSuggestedPrompts": Method(
                self._agents_only(agents.set_suggested_prompts),
                "assistant:write",
            ),
            "agents.sessions.setStatus": Method(
                self._sessions_only(agents.set_session_status), "chat:write"
            ),
            "agents.sessions.rename": Method(
                self._sessions_only(agents.rename_session), "chat:write"
            ),
            "blocks.validate": Method(chat.validate_blocks),
            "oauth.v2.access": Method(self.consents.exchange, token=False),
            "views.publish": Method(lambda a: views.publish(w, a, enabled=self._faults.home_tab)),
            "views.open": Method(lambda a: views.open_modal(w, self.triggers, a)),
            "views.push": Method(lambda a: views.push_modal(w, self.triggers, a)),
            "views.update": Method(lambda a: views.update_modal(w, a)),
        }

    def _agents_only(self, run: Callable[[Workspace, Arguments], Json]) -> Callable[..., Json]:
        """Let the methods of agents and assistants through where the app is one."""

        def run_if_agent(args: Arguments) -> Json:
            if not self._faults.agent_features:
                raise Refusal("not_agent_app")
            return run(self._workspace, args)

        return run_if_agent

    def _sessions_only(self, run: Callable[[Workspace, Arguments], Json]) -> Callable[..., Json]:
        """Let the methods of sessions through, which the assistants before agents don't have."""

        def run_if_session(args: Arguments) -> Json:
            is_assistant = self._workspace.profile.view == "assistant"
            if is_assistant or not self._faults.agent_features:
                raise Refusal("feature_disabled")
            return run(self._workspace, args)

        return run_if_session

    def _start_stream(self, args: Arguments) -> Json:
        if self._faults.streaming:
            raise Refusal(self._faults.streaming)
        return streams.start(self._workspace, args)

    def _auth_test(self, _args: Arguments) -> Json:
        return {
            "url": f"{self._workspace.origin}/",
            "team": "Acme",
            "user": self._workspace.users[BOT_USER_ID].name,
            "team_id": TEAM_ID,
            "user_id": BOT_USER_ID,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    def _open_connection(self, _args: Arguments) -> Json:
        socket_origin = self._workspace.origin.replace("http", "ws", 1)
        return {"url": f"{socket_origin}/link/?ticket={self._sockets.issue_ticket()}"}


async def _wait_out(fault: Fault) -> None:
    if fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
    elif fault.kind == "hold" and fault.gate is not None:
        await fault.gate.pass_through()


async def _read_call(request: web.Request) -> tuple[Arguments, str]:
    """Return a call's arguments, from query, JSON body or form, and the token it shows."""
    values: Json = dict(request.query)
    if request.content_type == "application/json" and request.can_read_body:
        body = await request.text()
        values |= json.loads(body) if body.strip() else {}
    elif request.can_read_body:
        values |= {name: str(value) for name, value in (await request.post()).items()}
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Basic":
        client_id, _, client_secret = base64.b64decode(bearer).decode().partition(":")
        values |= {"client_id": client_id, "client_secret": client_secret}
    token = bearer if scheme == "Bearer" else str(values.get("token", ""))
    values.pop("token", None)
    return Arguments(values), token
