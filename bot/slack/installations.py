"""Workspaces that installed us by themselves, each with its own token."""

from collections.abc import Callable

from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import NotInstalled
from bot.slack.capabilities import Capabilities
from bot.slack.events import BotIdentity
from bot.slack.workspaces import Workspace, open_workspace


class InstalledWorkspaces:
    """Finds a team's installation in a store.

    The store is asked every time, so that an uninstall holds at once and in every process; what
    was learned of a workspace is kept for as long as its token stays the same.

    Args:
        store: Keeps the installations.
        connect: Makes a client that uses a token.
    """

    def __init__(
        self, store: AsyncInstallationStore, connect: Callable[[str], AsyncWebClient]
    ) -> None:
        self._store = store
        self._connect = connect
        self._capabilities = Capabilities()
        self._known: dict[str, Workspace] = {}

    async def find(self, team: str) -> Workspace:
        """Return the team's installation; raises NotInstalled."""
        bot = await self._store.async_find_bot(enterprise_id=None, team_id=team)
        if bot is None:
            self._known.pop(team, None)
            raise NotInstalled(f"{team or 'an event without a team'} has not installed us")
        known = self._known.get(team)
        if known is None or known.client.token != bot.bot_token:
            identity = BotIdentity(team, bot.bot_user_id, bot.bot_id)
            known = open_workspace(identity, self._connect(bot.bot_token), self._capabilities)
            self._known[team] = known
        return known
