"""What Slack shows around a conversation with an agent: a thread's title, suggested prompts.

Both are extras, so nothing here fails: what Slack refuses for good is left alone for an hour.
"""

from collections.abc import Sequence
from typing import Final

import structlog

from bot.conversation.suggestions import MOST_SUGGESTIONS, Suggestion
from bot.errors import DeliveryError
from bot.slack.capabilities import Feature, ReplyPlace
from bot.slack.workspaces import Workspace

log = structlog.get_logger(__name__)

_PATIENCE_SECONDS: Final = 5.0


async def set_title(workspace: Workspace, place: ReplyPlace, title: str) -> bool:
    """Title a thread of our direct messages; tell whether Slack took it.

    In the agent view a thread is a session, which is renamed (agents.sessions.rename); in the
    legacy assistant view its title is set (assistant.threads.setTitle). Which view an app has, only
    asking tells.
    """
    thread = {"channel_id": place.channel, "thread_ts": place.thread_ts, "title": title}
    return await _try(
        workspace, place, "session_titles", "agents.sessions.rename", **thread
    ) or await _try(workspace, place, "titles", "assistant.threads.setTitle", **thread)


async def set_suggestions(
    workspace: Workspace, place: ReplyPlace, suggestions: Sequence[Suggestion]
) -> bool:
    """Show the first four in our direct messages; tell whether Slack took them.

    With a thread in `place` they are shown there, without one where a new thread is begun.
    """
    prompts = [{"title": one.title, "message": one.message} for one in suggestions]
    return await _try(
        workspace,
        place,
        "prompts",
        "assistant.threads.setSuggestedPrompts",
        channel_id=place.channel,
        thread_ts=place.thread_ts or None,
        prompts=prompts[:MOST_SUGGESTIONS],
    )


async def _try(
    workspace: Workspace, place: ReplyPlace, feature: Feature, method: str, **arguments: object
) -> bool:
    if not workspace.capabilities.allow(feature, place):
        return False
    try:
        await workspace.calls.call(method, patience=_PATIENCE_SECONDS, **arguments)
    except DeliveryError as error:
        log.info("agent_view_refused", method=method, code=error.code)
        workspace.capabilities.note_refusal(feature, place, error.code)
        return False
    return True
