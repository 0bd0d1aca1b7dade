"""The Home tab: what a person finds there, and how it gets there."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, TypeVar

import structlog

from bot.conversation.catch_up import find_zone
from bot.conversation.preferences import Defaults
from bot.conversation.recent import Recent, RecentDocument, RecentThread
from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused
from bot.lease import Lease
from bot.ledger import Ledger, Turn
from bot.slack.choices import may_choose_for_workspace
from bot.slack.directory import Person
from bot.slack.home_events import Showing, read_showing
from bot.slack.home_view import (
    HomeState,
    Spent,
    View,
    WorkspaceSettings,
    render_bare_home,
    render_home,
)
from bot.slack.workspaces import Workspace, Workspaces
from bot.store.preferences import PreferenceStore
from bot.store.recent import RecentStore
from bot.store.usage import UsageStore, Used, month_of

log = structlog.get_logger(__name__)

_NOT_ENABLED: Final = "not_enabled"
_DELAYED_SECONDS: Final = 2.0
_PATIENCE_SECONDS: Final = 60.0
"""How long a tab is worth showing: whoever opens it later causes another turn."""

_LINK_SECONDS: Final = 5.0

_Recent = TypeVar("_Recent", RecentThread, RecentDocument)


class Home:
    """Shows each person's Home tab.

    Args:
        ledger: Where turns are closed.
        workspaces: The installations.
        preferences: What people and workspaces chose.
        usage: What they used.
        recent: What they did lately.
        defaults: What the operator set.
        most_days: How many days the operator keeps things.
        models: The names of the models that can be asked.
        now: Seconds since 1970.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        workspaces: Workspaces,
        preferences: PreferenceStore,
        usage: UsageStore,
        recent: RecentStore,
        defaults: Defaults,
        most_days: int,
        models: tuple[str, ...],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._workspaces = workspaces
        self._preferences = preferences
        self._usage = usage
        self._recent = recent
        self._defaults = defaults
        self._most_days = most_days
        self._models = models
        self._now = now

    async def answer(self, turn: Turn, lease: Lease) -> None:
        """Show the tab; when Slack's weather delays that, it is tried again for a while."""
        showing = read_showing(turn.thread, turn.payload)
        workspace = (await self._workspaces.find(showing.team)).fenced(lease.check)
        try:
            await self._show(workspace, showing)
        except DeliveryDelayed as error:
            if turn.age > _PATIENCE_SECONDS:
                log.warning("home_not_shown", code=error.code)
                await self._ledger.close(turn, "refused", error.code)
            else:
                delay = error.retry_after or _DELAYED_SECONDS
                await self._ledger.put_back(turn, delay=delay, delivery=True)
        except DeliveryRefused as error:
            if error.code != _NOT_ENABLED:
                log.warning("home_not_shown", code=error.code, detail=str(error))
            await self._ledger.close(turn, "refused", error.code)
        else:
            await self._ledger.close(turn, "answered", "home_shown")

    async def _show(self, workspace: Workspace, showing: Showing) -> None:
        person = await workspace.directory.find_person(showing.user)
        state = await self._gather(workspace, showing, person)
        # Not in the loop: the names of languages and time zones are read from files.
        view = await asyncio.to_thread(_render, state, person)
        try:
            await _publish(workspace, showing.user, view)
        except DeliveryRefused as error:
            if error.code == _NOT_ENABLED:
                raise
            # Something in it may be what only Slack knows of, as a channel that is gone.
            log.exception("home_refused", code=error.code, detail=str(error))
            await _publish(workspace, showing.user, render_bare_home(person.language))

    async def _gather(self, workspace: Workspace, showing: Showing, person: Person) -> HomeState:
        team, user, now = showing.team, showing.user, self._now()
        chosen = await self._preferences.find(team, person=user, channel="")
        rules = chosen.resolve(self._defaults, channel="")
        month = month_of(now)
        is_admin = may_choose_for_workspace(person, team)
        return HomeState(
            person=chosen.person,
            now=datetime.fromtimestamp(now, UTC),
            own=_spend(await self._usage.of_person(team, user, month), rules.person_tokens),
            everyone=_spend(await self._usage.of_team(team, month), rules.monthly_tokens),
            recent=await _find_links(workspace, await self._recent.find(team, user)),
            workspace=WorkspaceSettings(
                chosen.workspace, self._defaults, self._most_days, self._models
            )
            if is_admin
            else None,
            note=showing.note,
        )


def _render(state: HomeState, person: Person) -> View:
    local = replace(state, now=state.now.astimezone(find_zone(person.time_zone)))
    return render_home(local, person.language)


def _spend(used: Used, most: int | None) -> Spent:
    return Spent(used.answers, used.tokens, most)


async def _publish(workspace: Workspace, user: str, view: View) -> None:
    """Put the view in the place of the one that is there; raises DeliveryError.

    Without the old one's hash, Slack doesn't mind what is replaced (Slack docs, views.publish): the
    tabs of one person are shown one after another, and the last is the newest.
    """
    await workspace.calls.call("views.publish", user_id=user, view=view)


async def _find_links(workspace: Workspace, recent: Recent) -> Recent:
    """Find where all of it opens."""
    threads, documents = await asyncio.gather(
        asyncio.gather(
            *(_link(workspace, one, one.thread.thread_ts) for one in recent.threads),
        ),
        asyncio.gather(*(_link(workspace, one, one.ts) for one in recent.documents)),
    )
    return Recent(tuple(threads), tuple(documents))


async def _link(workspace: Workspace, what: _Recent, message_ts: str) -> _Recent:
    """Find where a message opens, unless it is known; without a link if Slack does not say."""
    if what.permalink:
        return what
    try:
        answer = await workspace.calls.call(
            "chat.getPermalink",
            patience=_LINK_SECONDS,
            channel=what.thread.channel,
            message_ts=message_ts,
        )
    except DeliveryError as error:
        log.info("link_not_found", code=error.code)
        return what
    return replace(what, permalink=str(answer["permalink"]))
