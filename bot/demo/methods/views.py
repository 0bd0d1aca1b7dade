"""`views.*`: the Home tab and modals, and the triggers that open one."""

from dataclasses import dataclass, field

from bot.demo import limits
from bot.demo.arguments import Arguments, Refusal
from bot.demo.methods.chat import refuse_problems
from bot.demo.validation import find_problems
from bot.demo.workspace import APP_ID, BOT_ID, TEAM_ID, Change, Json, Workspace, name_blocks


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


def publish(workspace: Workspace, args: Arguments) -> Json:
    user = args.required("user_id")
    if user not in workspace.users:
        raise Refusal("invalid_arguments")
    view = _read_view(workspace, args, "home")
    workspace.views[f"home:{user}"] = view
    workspace.tell(Change("view"))
    return {"view": view}


def open_modal(workspace: Workspace, triggers: Triggers, args: Arguments) -> Json:
    user = triggers.take(args.required("trigger_id"), workspace.clock())
    view = _read_view(workspace, args, "modal")
    workspace.views[f"modal:{user}"] = view
    workspace.tell(Change("view"))
    return {"view": view}


def _read_view(workspace: Workspace, args: Arguments, kind: str) -> Json:
    view = args.structure("view", "invalid_arguments")
    if not isinstance(view, dict) or view.get("type") != kind:
        raise Refusal("invalid_arguments")
    problems = find_problems(view.get("blocks"), "view", "/view/blocks")
    for name in ("title", "submit", "close"):
        text = (view.get(name) or {}).get("text", "")
        if len(text) > limits.VIEW_TITLE:
            problems.append(f"must be less than {limits.VIEW_TITLE + 1} characters "
                            f"[json-pointer:/view/{name}/text]")  # fmt: skip
    if kind == "modal" and not view.get("title"):
        problems.append("missing required field: title [json-pointer:/view]")
    if len(view.get("private_metadata", "")) > limits.PRIVATE_METADATA:
        problems.append("must be less than 3001 characters [json-pointer:/view/private_metadata]")
    refuse_problems(problems, "invalid_arguments")
    view_id = workspace.next_id("V")
    return {
        "callback_id": "",
        "private_metadata": "",
        **view,
        "id": view_id,
        "team_id": TEAM_ID,
        "app_id": APP_ID,
        "bot_id": BOT_ID,
        "blocks": list(name_blocks(view["blocks"])),
        "state": {"values": {}},
        "hash": f"{int(workspace.clock())}.{view_id[-4:]}",
        "root_view_id": view_id,
    }
