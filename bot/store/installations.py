"""The workspaces that installed us, and the installations under way.

Both classes are stores as the Slack SDK's OAuth flow wants them.
"""

import secrets
import time
from collections.abc import Callable

from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from sqlalchemy import delete, func, insert, select
from typing_extensions import override

from bot.store.database import Database
from bot.store.tables import install_states, installations


class Installations(AsyncInstallationStore):
    """One bot token for each team; a team that installs again replaces it.

    Team ids are unique across organisations, so an enterprise's id is not asked for. An
    installation goes with everything else of its team: see `forget_team`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    async def async_save(self, installation: Installation) -> None:
        """Keep the bot's part of an installation; the SDK's entity tells when it was made."""
        values = {
            "team": installation.team_id,
            "name": installation.team_name or "",
            "bot_user_id": installation.bot_user_id,
            "bot_id": installation.bot_id,
            "bot_token": installation.bot_token,
            "installed_at": installation.installed_at,
        }
        statement = self._database.insert(installations).values(values)
        async with self._database.write() as tx:
            await tx.execute(statement.on_conflict_do_update(index_elements=["team"], set_=values))

    @override
    async def async_find_bot(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool | None = False,
    ) -> Bot | None:
        """Return the team's bot, None if it is not installed there."""
        query = select(installations).where(installations.c.team == team_id)
        async with self._database.read() as tx:
            row = (await tx.execute(query)).first()
        if row is None:
            return None
        return Bot(
            team_id=row.team,
            team_name=row.name,
            bot_token=row.bot_token,
            bot_id=row.bot_id,
            bot_user_id=row.bot_user_id,
            installed_at=row.installed_at,
        )

    async def count(self) -> int:
        """Return how many teams have installed us."""
        async with self._database.read() as tx:
            return (await tx.execute(select(func.count()).select_from(installations))).scalar_one()


class InstallStates(AsyncOAuthStateStore):
    """The one-time words that tie Slack's redirect to the browser that set out to install.

    Args:
        database: Where they are kept, so that any process of ours can take them back.
        seconds: How long one is good for.
        now: Seconds since 1970.
    """

    def __init__(
        self, database: Database, *, seconds: int, now: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._seconds = seconds
        self._now = now

    @override
    async def async_issue(self, *args: object, **kwargs: object) -> str:
        """Return a new state; those that have expired are cleared away."""
        state, now = secrets.token_urlsafe(32), self._now()
        async with self._database.write() as tx:
            await tx.execute(delete(install_states).where(install_states.c.expires_at <= now))
            await tx.execute(
                insert(install_states).values(state=state, expires_at=now + self._seconds)
            )
        return state

    @override
    async def async_consume(self, state: str) -> bool:
        """Use a state up; False if it is unknown, used or expired."""
        is_good = (install_states.c.state == state, install_states.c.expires_at > self._now())
        async with self._database.write() as tx:
            result = await tx.execute(delete(install_states).where(*is_good))
            return result.rowcount > 0
