"""Installing into a workspace: Bolt's OAuth flow with our stores, our calls and plain pages."""

import html
import logging
from collections.abc import Awaitable, Sequence
from typing import Any, Final
from urllib.parse import urlencode, urljoin

import structlog
from slack_bolt.oauth.async_callback_options import (
    AsyncCallbackOptions,
    AsyncFailureArgs,
    AsyncSuccessArgs,
)
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient
from typing_extensions import override

from bot.errors import DeliveryError
from bot.slack.calls import SlackCalls

log = structlog.get_logger(__name__)

INSTALL_PATH: Final = "/slack/install"
REDIRECT_PATH: Final = "/slack/oauth_redirect"
STATE_SECONDS: Final = 600
"""How long an installation may take, from the install page to Slack's redirect."""

# What went wrong, by Bolt's reasons, Slack's `access_denied` and our own.
_FAILURES: Final = {
    "access_denied": "The permission was not given, so nothing was installed.",
    "invalid_browser": "This page must be reached from the install page, over https, in the same "
    "browser and with cookies allowed.",
    "invalid_state": "It took too long, or this page was opened twice.",
    "missing_code": "Slack's answer was incomplete.",
    "not_confirmed": "Slack did not confirm the installation.",
    "org_install": "I can't be installed for a whole organization. Please choose one workspace "
    "at a time.",
    "token_rotation": "This app's tokens expire (token rotation), which I can't handle. Please "
    "tell whoever runs me.",
    "broken": "Something went wrong on my side. Please try again in a minute; if it stays like "
    "this, tell whoever runs me.",
}
_OTHER_FAILURE: Final = "Slack did not go along with it."

_PAGE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 1rem }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""
_PAGE_HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    # The address holds a code and a state; neither is anyone else's business.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class _InstallFailed(Exception):
    """The installation can't be completed; `reason` is a key of `_FAILURES`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InstallFlow(AsyncOAuthFlow):
    """Bolt's OAuth flow. Whatever fails, the person who installs reads what to do.

    The state's cookie is `Secure`: browsers send it back over https alone.

    Args:
        client: For Slack's Web API; has no token.
        client_id: The app's.
        client_secret: The app's.
        scopes: What the bot asks for.
        authorize_url: Slack's consent page.
        installations: Where an installation is kept.
        states: Issues states and takes them back.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        *,
        client_id: str,
        client_secret: str,
        scopes: Sequence[str],
        authorize_url: str,
        installations: AsyncInstallationStore,
        states: AsyncOAuthStateStore,
    ) -> None:
        super().__init__(
            client=client,
            logger=logging.getLogger("slack_bolt"),
            settings=AsyncOAuthSettings(
                client_id=client_id,
                client_secret=client_secret,
                scopes=scopes,
                user_scopes=[],
                install_path=INSTALL_PATH,
                install_page_rendering_enabled=False,
                redirect_uri_path=REDIRECT_PATH,
                authorization_url=authorize_url,
                callback_options=AsyncCallbackOptions(_show_success, _show_failure),
                installation_store=installations,
                state_store=states,
                state_expiration_seconds=STATE_SECONDS,
            ),
        )
        self._calls = SlackCalls(client)

    @override
    async def handle_installation(self, request: AsyncBoltRequest) -> BoltResponse:
        return await _show_what_fails(super().handle_installation(request))

    @override
    async def handle_callback(self, request: AsyncBoltRequest) -> BoltResponse:
        return await _show_what_fails(super().handle_callback(request))

    @override
    async def run_installation(self, code: str) -> Installation:
        """Exchange the code for a token; Bolt's own logs the code and waits without an end."""
        try:
            granted = await self._calls.call(
                "oauth.v2.access",
                client_id=self.settings.client_id,
                client_secret=self.settings.client_secret,
                redirect_uri=self.settings.redirect_uri,
                code=code,
            )
            _check_kind(granted)
            token = granted["access_token"]
            bot = await self._calls.call("auth.test", token=token)
        except DeliveryError as error:
            log.warning("install_not_confirmed", code=error.code)
            raise _InstallFailed("not_confirmed") from error
        return Installation(
            app_id=granted["app_id"],
            team_id=granted["team"]["id"],
            team_name=granted["team"].get("name"),
            bot_token=token,
            bot_id=bot["bot_id"],
            bot_user_id=granted["bot_user_id"],
            user_id=granted["authed_user"]["id"],
        )


def _check_kind(granted: dict[str, Any]) -> None:
    if granted.get("is_enterprise_install") or not granted.get("team"):
        raise _InstallFailed("org_install")
    if granted.get("refresh_token"):
        raise _InstallFailed("token_rotation")


async def _show_what_fails(answer: Awaitable[BoltResponse]) -> BoltResponse:
    try:
        return await answer
    except _InstallFailed as failure:
        return _render_failure(failure.reason, status=400)
    except Exception:
        log.exception("install_broke")
        return _render_failure("broken", status=500)


async def _show_success(args: AsyncSuccessArgs) -> BoltResponse:
    team = args.installation.team_id
    log.info("installed", team=team)
    query = urlencode({"app": args.installation.app_id, "team": team})
    link = urljoin(args.settings.authorization_url, f"/app_redirect?{query}")
    name = html.escape(args.installation.team_name or "your workspace")
    page = _PAGE.format(
        title=f"Aloud is in {name}",
        body="<p>Invite it to a channel with <code>/invite @aloud</code> and say "
        "<code>@aloud hello</code>, or write it a direct message.</p>\n"
        f'<p><a href="{html.escape(link)}">Open Slack</a></p>',
    )
    return _answer(
        page, status=200, cookie=args.settings.state_utils.build_set_cookie_for_deletion()
    )


async def _show_failure(args: AsyncFailureArgs) -> BoltResponse:
    log.info("install_failed", reason=args.reason[:100])
    return _render_failure(args.reason, status=args.suggested_status_code)


def _render_failure(reason: str, *, status: int) -> BoltResponse:
    # A reason comes from the address, which anybody can write: it is looked up and never shown.
    told = _FAILURES.get(reason, _OTHER_FAILURE)
    page = _PAGE.format(
        title="Aloud was not installed",
        body=f'<p>{html.escape(told)}</p>\n<p><a href="install">Start again</a></p>',
    )
    return _answer(page, status=status)


def _answer(page: str, *, status: int, cookie: str | None = None) -> BoltResponse:
    headers: dict[str, str | Sequence[str]] = dict(_PAGE_HEADERS)
    if cookie:
        headers["Set-Cookie"] = cookie
    return BoltResponse(status=status, body=page, headers=headers)
