"""The workspaces that Aloud is installed in, and how to talk to each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import SlackCalls
from bot.slack.capabilities import Capabilities, ReplyPlace
from bot.slack.directory import Directory
from bot.slack.events import BotIdentity, Said


@dataclass(frozen=True, slots=True)
class Workspace:
    """One installation."""

    bot: BotIdentity
    client: AsyncWebClient
    calls: SlackCalls
    directory: Directory
    capabilities: Capabilities

    def fenced(self, check: Callable[[], None]) -> "Workspace":
        """Return it with calls before each of which `check` runs (see `SlackCalls.fenced`)."""
        return replace(self, calls=self.calls.fenced(check))

    def place_reply(self, said: Said) -> ReplyPlace:
        """Say where the reply to a message goes."""
        return ReplyPlace(
            team=said.thread.team,
            channel=said.thread.channel,
            thread_ts=said.thread.thread_ts,
            recipient_user=said.author,
            recipient_team=said.author_team,
            after_ts=said.ts,
        )


def open_workspace(
    bot: BotIdentity, client: AsyncWebClient, capabilities: Capabilities
) -> Workspace:
    """Make what is needed to talk to a workspace; `client` has its token."""
    calls = SlackCalls(client)
    return Workspace(bot, client, calls, Directory(calls, bot.user_id), capabilities)


class Workspaces(Protocol):
    """Finds the installation that an event or a turn belongs to."""

    async def find(self, team: str) -> Workspace:
        """Return the team's installation; raises NotInstalled."""
        ...


class OneWorkspace:
    """The installation of a bot that has one token: every team is reached through it.

    In shared channels and enterprise grids an event's team may be another than the token's own.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def find(self, team: str) -> Workspace:  # noqa: ARG002  # there is but one
        """Return the only installation."""
        return self._workspace
