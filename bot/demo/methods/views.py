"""`views.*`: the Home tab and modals, and the triggers that open one."""

import json
from dataclasses import dataclass, field

from bot.demo import limits, views
from bot.demo.arguments import Arguments, Refusal, missing
from bot.demo.methods.chat import refuse_problems
from bot.demo.validation import find_view_problems
from bot.demo.workspace import Json, Workspace


@dataclass(slots=True)
class Triggers:
    """The ids that let an app open a modal: good once, for three seconds."""

    given: dict[str, tuple[str, float]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def give(self, user: str, now: float) -> str:
        trigger = f"{len(self.given) + 1}.2222.{user[-4:].lower()}"
        self.given[trigger] = (user, now)
        return trigger

    def take(self, trigger: str, now: float) -> str:
        """Return the person who caused the trigger."""
        if trigger not in self.given:
            raise Refusal("invalid_trigger_id")
        user, given_at = self.given[trigger]
        if trigger in self.used:
            raise Refusal("exchanged_trigger_id")
        if now - given_at > limits.TRIGGER_SECONDS:
            raise Refusal("expired_trigger_id")
        self.used.add(trigger)
        return user


def publish(workspace: Workspace, args: Arguments, *, enabled: bool = True) -> Json:
    """Show a view as a person's Home tab.

    Args:
        workspace: Where.
        args: `user_id`, `view` and perhaps the `hash` of the view that is to be replaced.
        enabled: Whether the app has a Home tab at all.
    """
    user = args.required("user_id")
    if user not in workspace.users:
        raise Refusal("invalid_arguments")
    sent = read_view(args, "home")
    if not enabled:
        raise Refusal("not_enabled")
    old = workspace.homes.get(user)
    _check_hash(args, old)
    view = views.changed_view(workspace, old, sent) if old else views.new_view(workspace, sent)
    views.publish(workspace, user, view)
    return {"view": view}


def open_modal(workspace: Workspace, triggers: Triggers, args: Arguments) -> Json:
    sent = read_view(args, "modal")
    _check_external_id(workspace, sent)
    user = triggers.take(_trigger(args), workspace.clock())
    view = views.new_view(workspace, sent)
    views.open_first(workspace, user, view)
    return {"view": view}


def push_modal(workspace: Workspace, triggers: Triggers, args: Arguments) -> Json:
    """Open a modal over another one; the trigger comes from an interaction in that one."""
    sent = read_view(args, "modal")
    _check_external_id(workspace, sent)
    user = triggers.take(_trigger(args), workspace.clock())
    if user not in workspace.modals:
        raise Refusal("not_found")
    if len(workspace.modals[user]) >= limits.MODAL_STACK:
        raise Refusal("push_limit_reached")
    return {"view": views.push(workspace, user, views.new_view(workspace, sent))}


def update_modal(workspace: Workspace, args: Arguments) -> Json:
    sent = read_view(args, "modal")
    if not args.text("view_id") and not args.text("external_id"):
        raise missing("view_id")
    found = views.find_modal(
        workspace, view_id=args.text("view_id"), external_id=args.text("external_id")
    )
    if found is None:
        raise Refusal("not_found")
    user, old = found
    _check_hash(args, old)
    view = views.changed_view(workspace, old, sent)
    views.replace_modal(workspace, user, view)
    return {"view": view}


def read_view(args: Arguments, kind: str) -> Json:
    """Return the view of a call if Slack would take it."""
    view = args.structure("view", "invalid_arguments")
    if not isinstance(view, dict):
        raise missing("view")
    check_view(view, kind)
    return view


def check_view(view: Json, kind: str) -> None:
    """Refuse a view as Slack does, whether it came by a call or with an ack."""
    refuse_problems(find_view_problems(view, kind), "invalid_arguments")
    if len(json.dumps(view)) > limits.VIEW_CHARACTERS:
        raise Refusal("view_too_large")


def _trigger(args: Arguments) -> str:
    return args.text("trigger_id") or args.required("interactivity_pointer")


def _check_hash(args: Arguments, old: Json | None) -> None:
    given = args.text("hash")
    if given and old is not None and given != old["hash"]:
        raise Refusal("hash_conflict")


def _check_external_id(workspace: Workspace, view: Json) -> None:
    external_id = view.get("external_id", "")
    if external_id and views.find_modal(workspace, external_id=external_id):
        raise Refusal("duplicate_external_id")
