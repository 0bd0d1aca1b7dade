"""Where a reply goes, and what that place was seen to allow."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from bot.slack import limits

Feature = Literal[
    "streaming", "status", "native_stop", "prompts", "titles", "session_titles", "container"
]

_WORKSPACE_CODES: Final = frozenset(
    {
        "access_denied",
        "enterprise_is_restricted",
        "feature_disabled",
        "method_deprecated",
        "missing_scope",
        "no_permission",
        "not_agent_app",
        "not_allowed_token_type",
        "unknown_method",
    }
)
_CHANNEL_CODES: Final = frozenset(
    {
        "channel_type_not_supported",
        "messages_tab_disabled",
        "method_not_supported_for_channel_type",
    }
)
_REMEMBERED_SECONDS: Final = 3_600.0


@dataclass(frozen=True, slots=True)
class ReplyPlace:
    """Where a turn's reply goes.

    Attributes:
        team: The workspace.
        channel: The channel or direct conversation.
        thread_ts: The thread's root.
        recipient_user: Who asked; chat.startStream requires it outside of DMs.
        recipient_team: That person's workspace; may be another than `team` in a shared channel.
        after_ts: The message that is answered: nothing of the reply is older. "" if not known.
    """

    team: str
    channel: str
    thread_ts: str
    recipient_user: str
    recipient_team: str
    after_ts: str = ""


class Capabilities:
    """What each workspace and channel refused of late, and how many streams each has open.

    One for the whole process. What was refused is tried again after an hour, what can only be
    found out by asking is asked again then.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._refused_until: dict[tuple[Feature, str, str], float] = {}
        self._probed_until: dict[tuple[Feature, str], float] = {}
        self._streams: Counter[str] = Counter()

    def allow(self, feature: Feature, place: ReplyPlace) -> bool:
        """Tell whether a feature is worth trying in this place."""
        keys = ((feature, place.team, ""), (feature, place.team, place.channel))
        return all(self._refused_until.get(key, 0.0) <= self._clock() for key in keys)

    def note_refusal(self, feature: Feature, place: ReplyPlace, code: str) -> None:
        """Remember that Slack refused a feature, if `code` says more than "not this time"."""
        if code in _WORKSPACE_CODES:
            self.note_unknown(feature, place)
        elif code in _CHANNEL_CODES:
            key = (feature, place.team, place.channel)
            self._refused_until[key] = self._clock() + _REMEMBERED_SECONDS

    def note_unknown(self, feature: Feature, place: ReplyPlace) -> None:
        """Remember that the workspace does not know a feature, whatever it said of it."""
        self._refused_until[feature, place.team, ""] = self._clock() + _REMEMBERED_SECONDS

    def claim_probe(self, feature: Feature, team: str) -> bool:
        """Tell one caller an hour to ask the workspace for a feature."""
        if self._probed_until.get((feature, team), 0.0) > self._clock():
            return False
        self._probed_until[feature, team] = self._clock() + _REMEMBERED_SECONDS
        return True

    def note_stream(self, team: str, change: Literal[1, -1]) -> None:
        """Count a stream that was opened or closed."""
        self._streams[team] += change

    def append_seconds(self, team: str) -> float:
        """Return the time between two appends to one stream that keeps all within their limit."""
        share = self._streams[team] * 60 / limits.APPENDS_A_MINUTE
        return max(limits.APPEND_SECONDS, share)
