"""The workspaces that Aloud is installed in, and how to talk to each."""

from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.calls import SlackCalls
from bot.slack.directory import Directory
from bot.slack.events import BotIdentity


@dataclass(frozen=True, slots=True)
class Workspace:
    """One installation."""

    bot: BotIdentity
    client: AsyncWebClient
    calls: SlackCalls
    directory: Directory
