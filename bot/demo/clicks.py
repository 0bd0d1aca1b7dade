"""What people press, choose, fill in and run: buttons, menus, forms, commands, shortcuts."""

from collections.abc import Mapping
from typing import Any, Final

from bot.demo import forms, payloads, views
from bot.demo.composing import encode_command
from bot.demo.deliveries import Ack, Deliveries, EnvelopeType, Undelivered
from bot.demo.methods.views import Triggers, check_view
from bot.demo.presence import Presence
from bot.demo.response_urls import ResponseUrls
from bot.demo.workspace import (
    SLACKBOT,
    TEAM_ID,
    Json,
    Message,
    Workspace,
    find_element,
)

_FAILED: Final = '{command} failed with the error "{code}"'
_UNKNOWN: Final = "{command} is not a valid command."
_IN_THREAD: Final = "{command} is not supported in threads. Sorry!"
_LATE: Final = frozenset({"timeout", "http_timeout"})


class Clicks(Presence):
    """Everything that is delivered as an interaction or a command.

    Args:
        workspace: Where people are.
        deliveries: The way to the app.
        response_urls: Issues the URLs that go along.
        triggers: Issues the trigger ids that go along.
        features: `features` of the app's manifest: its commands and shortcuts.
    """

    def __init__(
        self,
        workspace: Workspace,
        deliveries: Deliveries,
        response_urls: ResponseUrls,
        triggers: Triggers,
        features: Mapping[str, Any],
    ) -> None:
        super().__init__(workspace, deliveries)
        self._response_urls = response_urls
        self._triggers = triggers
        self._features = features

    def commands(self) -> list[Json]:
        """Return the app's slash commands, as in its manifest."""
        return list(self._features.get("slash_commands", ()))

    def shortcuts(self) -> list[Json]:
        """Return the app's message shortcuts, as in its manifest."""
        shortcuts = self._features.get("shortcuts", ())
        return [shortcut for shortcut in shortcuts if shortcut["type"] == "message"]

    async def interact(
        self, payload: Mapping[str, Any], type_: EnvelopeType = "interactive"
    ) -> Ack:
        """Deliver an interaction's payload just as it is."""
        return await self.deliveries.send_interaction(type_, dict(payload))

    async def command(
        self, user: str, channel: str, command: str, text: str = "", *, thread_ts: str = ""
    ) -> Ack:
        """Run a slash command and show what the app acks it with.

        A command that the app's manifest doesn't have, and any in a thread, gets a line of
        Slackbot's and isn't delivered.

        Args:
            user: Who types it.
            channel: Where.
            command: Its name with the slash.
            text: What is typed behind it; mentions may be tokens already.
            thread_ts: The thread it is typed in.

        Raises:
            Undelivered: The app did not ack; the person sees Slack's line about it.
        """
        known = next((each for each in self.commands() if each["command"] == command), None)
        if known is None or thread_ts:
            line = _UNKNOWN if known is None else _IN_THREAD
            self._say_as_slackbot(user, channel, line.format(command=command), thread_ts)
            return Ack()
        if known.get("should_escape"):
            text = encode_command(text, self._user_ids(), self._channel_ids())
        payload = payloads.slash_command(
            self.workspace,
            user=user,
            channel=channel,
            command=command,
            text=text,
            trigger_id=self._trigger(user),
            response_url=self._response_urls.issue(channel, user, None),
        )
        try:
            ack = await self.interact(payload, "slash_commands")
        except Undelivered as failure:
            code = "operation_timeout" if failure.reason in _LATE else "dispatch_failed"
            self._say_as_slackbot(user, channel, _FAILED.format(command=command, code=code))
            raise
        if ack.payload:
            self._response_urls.show(channel, user, ack.payload)
        return ack

    async def shortcut(self, user: str, channel: str, ts: str, callback_id: str) -> Ack:
        """Choose one of the app's shortcuts in the menu of a message.

        Raises:
            LookupError: There is no such message, or no such shortcut in the manifest.
            Undelivered: The app did not ack.
        """
        if callback_id not in {shortcut["callback_id"] for shortcut in self.shortcuts()}:
            raise LookupError(f"no shortcut {callback_id!r}")
        message = self.workspace.messages[channel, ts]
        payload = payloads.message_action(
            self.workspace,
            message,
            callback_id,
            user=user,
            trigger_id=self._trigger(user),
            response_url=self._response_urls.issue(channel, user, None),
        )
        return await self.interact(payload)

    async def press(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        as_team: str = TEAM_ID,
        as_channel: str | None = None,
        value: Any = None,
    ) -> Ack:
        """Press or choose an element of a message, ephemeral ones too; return the app's ack.

        Args:
            user: Who presses.
            channel: Where the message is.
            ts: Which message.
            action_id: Which element of it.
            as_team: Forge the payload's team.
            as_channel: Forge the payload's channel.
            value: Forge a button's value, or say which feedback button; of a menu the value of the
                option, of other elements what `forms.choose` takes.

        Raises:
            LookupError: There is no such message or element.
            Undelivered: The app did not ack.
        """
        place = (channel, ts)
        message = self.workspace.messages.get(place) or self.workspace.ephemerals[place]
        block, element = _find(message.blocks, action_id)
        values = forms.initial_values(message.blocks)
        payload = payloads.block_actions(
            self.workspace,
            message,
            self._act(block, element, value),
            forms.fill(values, [block], {block["block_id"]: {action_id: value}}),
            user=user,
            trigger_id=self._trigger(user),
            response_url=self._response_urls.issue(channel, user, message),
            team=as_team,
            channel=as_channel,
        )
        return await self.interact(payload)

    async def press_home(self, user: str, action_id: str, value: Any = None) -> Ack:
        """Press or choose an element of the person's Home tab; the rest as `press`."""
        view = self.workspace.homes[user]
        block, element = _find(view["blocks"], action_id)
        filled = {block["block_id"]: {action_id: value}}
        values = forms.fill(view["state"]["values"], view["blocks"], filled)
        view = views.filled_view(view, values)
        views.publish(self.workspace, user, view)
        return await self._press_view(user, view, block, element, value)

    async def press_modal(
        self,
        user: str,
        action_id: str,
        value: Any = None,
        *,
        values: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Ack:
        """Press or choose an element of the person's open modal; the rest as `press`.

        What is filled into an input block is delivered only if the block has `dispatch_action`.

        Args:
            user: Whose modal.
            action_id: Which element of the topmost one.
            value: As in `press`.
            values: What is filled in besides, as in `submit`.
        """
        view = self.workspace.modals[user][-1]
        block, element = _find(view["blocks"], action_id)
        state = forms.fill(view["state"]["values"], view["blocks"], values or {})
        chosen = {block["block_id"]: {action_id: value}}
        view = views.filled_view(view, forms.fill(state, view["blocks"], chosen))
        views.replace_modal(self.workspace, user, view)
        if block["type"] == "input" and not block.get("dispatch_action"):
            return Ack()
        return await self._press_view(user, view, block, element, value)

    async def submit(self, user: str, values: Mapping[str, Mapping[str, Any]]) -> Ack:
        """Submit the person's open modal and do what the app's ack asks for.

        What cannot be submitted so, such as a required field that is empty, is not delivered: the
        ack is Slack's own, with `errors`.

        Args:
            user: Whose modal.
            values: Block id to action id to what is filled in, as `forms.choose` takes it. What is
                left out has its initial value.

        Raises:
            Undelivered: The app did not ack, or with something that Slack would refuse.
        """
        view = self.workspace.modals[user][-1]
        view = views.filled_view(view, forms.fill(view["state"]["values"], view["blocks"], values))
        views.replace_modal(self.workspace, user, view)
        errors = forms.find_unfilled(view["blocks"], view["state"]["values"])
        if errors:
            return Ack({"response_action": "errors", "errors": errors})
        payload = payloads.view_submission(
            self.workspace, view, user=user, trigger_id=self._trigger(user)
        )
        ack = await self.interact(payload)
        self._follow(user, view, ack.payload or {})
        return ack

    async def close_modal(self, user: str, *, everything: bool = False) -> None:
        """Close the person's topmost modal without submitting it, or all of them."""
        stack = self.workspace.modals.get(user, ())
        if not stack:
            return
        closed = stack[::-1] if everything or stack[-1]["clear_on_close"] else stack[-1:]
        for view in closed:
            views.close_top(self.workspace, user)
            if view["notify_on_close"]:
                payload = payloads.view_closed(
                    self.workspace, view, user=user, is_cleared=len(closed) > 1
                )
                await self.interact(payload)

    async def _press_view(
        self, user: str, view: Json, block: Json, element: Json, value: Any
    ) -> Ack:
        payload = payloads.view_actions(
            self.workspace,
            view,
            self._act(block, element, value),
            user=user,
            trigger_id=self._trigger(user),
        )
        return await self.interact(payload)

    def _act(self, block: Json, element: Json, value: Any) -> Json:
        """Return the entry of `actions` for an element that was pressed or chosen from."""
        action: Json = {
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "type": element["type"],
            "action_ts": f"{self.workspace.clock():.6f}",
        }
        if forms.has_state(element) or element["type"] == "overflow":
            return action | forms.choose(element, value)
        if element.get("text"):
            action["text"] = element["text"]
        chosen = element.get("value") if value is None else value
        return action | ({} if chosen is None else {"value": chosen})

    def _follow(self, user: str, view: Json, answer: Json) -> None:
        """Do with the modals what the app acked a submission with."""
        action = answer.get("response_action")
        if action in {"update", "push"}:
            check_view(answer["view"], "modal")
        match action:
            case None:
                views.close_top(self.workspace, user)
            case "clear":
                views.close_all(self.workspace, user)
            case "update":
                changed = views.changed_view(self.workspace, view, answer["view"])
                views.replace_modal(self.workspace, user, changed)
            case "push":
                views.push(self.workspace, user, views.new_view(self.workspace, answer["view"]))
            case "errors":
                _check_errors(view, answer.get("errors", {}))
            case _:
                raise Undelivered("invalid_response", again=False)

    def _trigger(self, user: str) -> str:
        return self._triggers.give(user, self.workspace.clock())

    def _say_as_slackbot(self, user: str, channel: str, text: str, thread_ts: str = "") -> None:
        self.workspace.show_only_to(
            Message(
                channel,
                self.workspace.next_ts(channel),
                SLACKBOT,
                text,
                thread_ts=thread_ts,
                audience=user,
            )
        )

    def _user_ids(self) -> dict[str, str]:
        return {user.name.lower(): user.id for user in self.workspace.users.values()}

    def _channel_ids(self) -> dict[str, str]:
        return {c.name: c.id for c in self.workspace.channels.values() if c.name}


def _find(blocks: Any, action_id: str) -> tuple[Json, Json]:
    found = find_element(blocks, action_id)
    if found is None:
        raise LookupError(f"no element {action_id!r}")
    return found


def _check_errors(view: Json, errors: Mapping[str, str]) -> None:
    """Refuse errors that stand beside no input block: the person would see none of them."""
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    if not errors or set(errors) - inputs:
        raise Undelivered("invalid_response", again=False)
