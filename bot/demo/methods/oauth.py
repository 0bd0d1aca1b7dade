"""Installing the app: Slack's consent page and `oauth.v2.access`."""

import uuid
from urllib.parse import urlencode

from aiohttp import web

from bot.demo.arguments import Arguments, Refusal
from bot.demo.faults import Faults
from bot.demo.workspace import ALICE, APP_ID, BOT_USER_ID, TEAM_ID, Json


class Consents:
    """The page where a person lets the app in, and the codes that it hands out.

    Attributes:
        redirect_url: The Redirect URL in the app's settings.
        granted: Fields of the next answers of `oauth.v2.access` that shall differ.

    Args:
        client_id: The app's.
        client_secret: The app's.
        bot_token: What a code is exchanged for.
        faults: Whether the person says no.
    """

    def __init__(self, client_id: str, client_secret: str, bot_token: str, faults: Faults) -> None:
        self.redirect_url = ""
        self.granted: Json = {}
        self._client_id = client_id
        self._client_secret = client_secret
        self._bot_token = bot_token
        self._faults = faults
        self._scopes: dict[str, str] = {}

    async def serve(self, request: web.Request) -> web.Response:
        """Answer `/oauth/v2/authorize` at once, as if the person had pressed the button."""
        if request.query.get("client_id") != self._client_id:
            return web.Response(status=400, text="invalid_client_id")
        answer = {"state": request.query.get("state", "")}
        if self._faults.consent_denied:
            answer["error"] = "access_denied"
        else:
            answer["code"] = uuid.uuid4().hex
            self._scopes[answer["code"]] = request.query.get("scope", "")
        url = request.query.get("redirect_uri") or self.redirect_url
        raise web.HTTPFound(f"{url}?{urlencode(answer)}")

    def exchange(self, args: Arguments) -> Json:
        """`oauth.v2.access`: a code is good once."""
        if args.text("client_id") != self._client_id:
            raise Refusal("invalid_client_id")
        if args.text("client_secret") != self._client_secret:
            raise Refusal("bad_client_secret")
        scopes = self._scopes.pop(args.text("code"), None)
        if scopes is None:
            raise Refusal("invalid_code")
        return {
            "access_token": self._bot_token,
            "token_type": "bot",
            "scope": scopes,
            "bot_user_id": BOT_USER_ID,
            "app_id": APP_ID,
            "team": {"id": TEAM_ID, "name": "Acme"},
            "enterprise": None,
            "is_enterprise_install": False,
            "authed_user": {"id": ALICE},
            **self.granted,
        }
