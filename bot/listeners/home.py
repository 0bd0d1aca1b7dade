"""The Home tab and the dialogs for settings: what people choose there is written down at once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final, get_args

import structlog

from bot.conversation.messages import ThreadKey
from bot.conversation.preferences import Defaults, Preferences
from bot.errors import DeliveryDelayed, DeliveryError, NotInstalled
from bot.ledger import Entry, Ledger, Outcome
from bot.slack.choices import (
    CHANNEL_CHOICES,
    PERSON_CHOICES,
    Choice,
    choose,
    list_workspace_choices,
    may_choose_for_channel,
    may_choose_for_workspace,
    read_numbers,
)
from bot.slack.directory import Person
from bot.slack.home_events import (
    HomeAction,
    Note,
    SettingsSubmission,
    Showing,
    parse_action,
    parse_submission,
    parse_visit,
    write_showing,
)
from bot.slack.home_view import (
    ACTION_PREFIX,
    CHOOSE_CHANNELS,
    FORGET_DOCUMENT,
    FORGET_THREAD,
    OPEN,
    OPEN_WORKSPACE_SETTINGS,
    View,
    WorkspaceSettings,
    render_channel_settings,
    render_workspace_settings,
)
from bot.slack.workspaces import Workspace, Workspaces
from bot.store.preferences import Chosen, PreferenceStore
from bot.store.recent import RecentStore

log = structlog.get_logger(__name__)

_ANY_OUTCOME: Final[tuple[Outcome, ...]] = get_args(Outcome)


class HomeDesk:
    """Takes what people do on the Home tab and in the dialogs for settings.

    Args:
        workspaces: The installations. What comes from any other team is dropped.
        ledger: Where it is written down that a Home tab is to be shown.
        preferences: Where choices are written down.
        recent: Tells who took part in a thread, and so may have it forgotten.
        forget_thread: Deletes what is remembered of a thread.
        forget_document: Deletes what was read of a file of a team if a person has shared it, and
            says whether that is so.
        defaults: What the operator set.
        most_days: How many days the operator keeps things.
        models: The names of the models that can be asked.
        patience: Seconds that each of the two calls may take that come before an acknowledgement:
            to look a person up, and to open a dialog. Slack waits 3 seconds for it, and so long is
            a trigger good (Slack docs, "Handling user interaction").
    """

    def __init__(
        self,
        *,
        workspaces: Workspaces,
        ledger: Ledger,
        preferences: PreferenceStore,
        recent: RecentStore,
        forget_thread: Callable[[ThreadKey], Awaitable[object]],
        forget_document: Callable[[str, str, str], Awaitable[bool]],
        defaults: Defaults,
        most_days: int,
        models: tuple[str, ...],
        patience: float = 1.25,
    ) -> None:
        self._workspaces = workspaces
        self._ledger = ledger
        self._preferences = preferences
        self._recent = recent
        self._forget_thread = forget_thread
        self._forget_document = forget_document
        self._defaults = defaults
        self._most_days = most_days
        self._models = models
        self._patience = patience

    async def receive_opened(self, body: Mapping[str, Any]) -> None:
        """Take `app_home_opened`; other tabs than Home are none of ours."""
        visit = parse_visit(body)
        if visit is not None and await self._find_workspace(visit.team):
            await self._show(Showing(visit.team, visit.user, visit.at))

    async def receive_action(self, body: Mapping[str, Any]) -> None:
        """Take what was pressed or chosen on a Home tab, and have the tab shown anew.

        Links need nothing more than to be taken; what is in other views is none of ours.
        """
        action = parse_action(body)
        if action.name == OPEN or not action.name.startswith(ACTION_PREFIX):
            return
        workspace = await self._find_workspace(action.team)
        if workspace is None:
            return
        note: Note
        match action.name:
            case name if name == FORGET_THREAD:
                note = await self._forget_one_thread(action)
            case name if name == FORGET_DOCUMENT:
                note = await self._forget_one_document(action)
            case name if name == OPEN_WORKSPACE_SETTINGS:
                note = await self._open_workspace_settings(workspace, action)
            case _:
                note = await self._choose(workspace, action)
        log.info("home_action", action=action.name, note=note)
        if action.name != OPEN_WORKSPACE_SETTINGS or note:
            await self._show(Showing(action.team, action.user, action.at, note))

    async def receive_submission(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """Take what was saved in one of our dialogs.

        Returns:
            What to answer: None to close the dialog, else what is wrong in it.
        """
        saved = parse_submission(body)
        workspace = await self._find_workspace(saved.team)
        if workspace is None:
            return None
        person = await workspace.directory.find_person_within(saved.user, self._patience)
        log.info("settings_saved", dialog=saved.dialog)
        match saved.dialog:
            case "workspace_settings":
                return await self._save_workspace(saved, person)
            case "channel_settings":
                await self._save_channel(saved, person)
                return None

    async def open_settings(
        self, workspace: Workspace, trigger_id: str, user: str, channel: str
    ) -> None:
        """Open a person's settings, and those of the channel if it is no direct conversation.

        Raises:
            DeliveryError: It can't be opened, or not before the trigger is worth nothing.
        """
        team = workspace.bot.team
        person = await workspace.directory.find_person_within(user, self._patience)
        where = "" if channel.startswith("D") else channel
        view = await asyncio.to_thread(
            render_channel_settings,
            await self._preferences.find(team, person=user, channel=where),
            self._defaults,
            channel=where,
            may_choose=may_choose_for_channel(person, team),
            language=person.language,
        )
        await self._open(workspace, trigger_id, view)

    async def _show(self, showing: Showing) -> None:
        """Have a Home tab shown: one that waits or is at work is shown with this, too."""
        entry = Entry(
            key=showing.key,
            kind="home",
            thread=showing.thread,
            ts="",  # nothing else is in its lane
            lane=showing.key,
            payload=write_showing(showing),
        )
        if await self._ledger.accept(entry):
            return
        if await self._ledger.revise(entry.key, entry.payload):
            return
        shown = await self._ledger.find_message(showing.team, entry.key)
        if shown is not None:
            await self._ledger.reopen(shown, entry.payload, outcomes=_ANY_OUTCOME)

    async def _choose(self, workspace: Workspace, action: HomeAction) -> Note:
        if choice := _find_choice(PERSON_CHOICES, action.name):
            return await self._choose_for_person(action, choice)
        person = await workspace.directory.find_person_within(action.user, self._patience)
        if not may_choose_for_workspace(person, action.team):
            return "not_admin"
        return await self._choose_for_workspace(action)

    async def _choose_for_person(self, action: HomeAction, choice: Choice) -> Note:
        def change(found: Preferences) -> dict[str, Chosen]:
            chosen = choose(found.person, choice, action.code)
            return {} if chosen is None else {action.user: chosen}

        changed = await self._preferences.change(action.team, person=action.user, by=change)
        return "chosen" if changed else ""

    async def _choose_for_workspace(self, action: HomeAction) -> Note:
        def change(found: Preferences) -> dict[str, Chosen]:
            chosen = None
            if action.name == CHOOSE_CHANNELS:
                chosen = replace(found.workspace, channels=action.chosen)
            elif choice := _find_choice(list_workspace_choices(self._models), action.name):
                chosen = choose(found.workspace, choice, action.code)
            return {} if chosen is None else {action.team: chosen}

        changed = await self._preferences.change(action.team, by=change)
        return "chosen_for_workspace" if changed else ""

    async def _open_workspace_settings(self, workspace: Workspace, action: HomeAction) -> Note:
        person = await workspace.directory.find_person_within(action.user, self._patience)
        if not may_choose_for_workspace(person, action.team):
            return "not_admin"
        chosen = (await self._find(action.team)).workspace
        settings = WorkspaceSettings(chosen, self._defaults, self._most_days, self._models)
        try:
            await self._open(
                workspace, action.trigger_id, render_workspace_settings(settings, person.language)
            )
        except DeliveryError as error:
            log.warning("dialog_not_opened", code=error.code, detail=str(error))
            return "not_opened"
        return ""

    async def _forget_one_thread(self, action: HomeAction) -> Note:
        channel, _, thread_ts = action.code.partition(":")
        thread = ThreadKey(action.team, channel, thread_ts)
        if not await self._recent.took_part(thread, action.user):
            return "not_forgotten"
        await self._forget_thread(thread)
        return "forgotten"

    async def _forget_one_document(self, action: HomeAction) -> Note:
        is_gone = await self._forget_document(action.team, action.user, action.code)
        return "forgotten" if is_gone else "not_forgotten"

    async def _save_workspace(
        self, saved: SettingsSubmission, person: Person
    ) -> dict[str, Any] | None:
        language = person.language
        entered = read_numbers(saved.chosen, self._most_days, language)
        problems = dict(entered.problems)
        if not may_choose_for_workspace(person, saved.team):
            refused = language.say("Only admins of this workspace can change that.")
            problems = {"retention_days": refused}
        if problems:
            return {"response_action": "errors", "errors": problems}

        def change(found: Preferences) -> dict[str, Chosen]:
            return {
                saved.team: replace(
                    found.workspace,
                    retention_days=entered.numbers["retention_days"],
                    monthly_tokens=entered.numbers["monthly_tokens"],
                    person_tokens=entered.numbers["person_tokens"],
                )
            }

        await self._preferences.change(saved.team, by=change)
        await self._show(Showing(saved.team, saved.user, saved.at, "chosen_for_workspace"))
        return None

    async def _save_channel(self, saved: SettingsSubmission, person: Person) -> None:
        may_choose = saved.channel and may_choose_for_channel(person, saved.team)

        def change(found: Preferences) -> dict[str, Chosen]:
            changed: dict[str, Chosen] = {}
            own, here = found.person, found.channel
            for choice in PERSON_CHOICES:
                own = choose(own, choice, saved.chosen.get(choice.name, "")) or own
            for choice in CHANNEL_CHOICES:
                here = choose(here, choice, saved.chosen.get(choice.name, "")) or here
            if own != found.person:
                changed[saved.user] = own
            if here != found.channel and may_choose:
                changed[saved.channel] = here
            return changed

        await self._preferences.change(
            saved.team, person=saved.user, channel=saved.channel, by=change
        )

    async def _find(self, team: str, *, person: str = "", channel: str = "") -> Preferences:
        return await self._preferences.find(team, person=person, channel=channel)

    async def _open(self, workspace: Workspace, trigger_id: str, view: View) -> None:
        """Open a dialog in time; raises DeliveryError."""
        try:
            async with asyncio.timeout(self._patience):
                await workspace.calls.call(
                    "views.open", patience=self._patience, trigger_id=trigger_id, view=view
                )
        except TimeoutError as error:
            raise DeliveryDelayed("views.open: too slow", code="request_timeout") from error

    async def _find_workspace(self, team: str) -> Workspace | None:
        try:
            return await self._workspaces.find(team)
        except NotInstalled:
            log.info("event_dropped", reason="not_installed", team=team)
            return None


def _find_choice(choices: tuple[Choice, ...], action: str) -> Choice | None:
    return next((one for one in choices if f"{ACTION_PREFIX}{one.name}" == action), None)
