"""What shall go wrong: tests script the stand-in's bad days here.

A fault for a method is used up by that method's next calls, in the order in which the faults were
added; `times=None` keeps it for good.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.demo.profiles import ALL_FEATURES, Profile

FaultKind = Literal["refuse", "status", "html", "reset", "cut", "delay", "hold"]
Download = Literal["html", "redirect", "redirect_away", "forbidden", "short", "stall"]


class Gate:
    """Holds calls of one method until the test lets them go on."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self._open = asyncio.Event()

    def release(self) -> None:
        self._open.set()

    async def pass_through(self) -> None:
        self.reached.set()
        await self._open.wait()


@dataclass(slots=True)
class Fault:
    """One way to answer wrongly.

    Attributes:
        kind: Which way.
        times: How many calls are left, None for ever.
        code: Slack's error code.
        extra: More fields of a refusal; headers of a `status`.
        status: The HTTP status.
        seconds: How long a `delay` takes.
        gate: What a `hold` waits for.
    """

    kind: FaultKind
    times: int | None = 1
    code: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    seconds: float = 0.0
    gate: Gate | None = None


class Faults:
    """The switches and scripts of what goes wrong; a workspace's profile sets some at first.

    Attributes:
        withheld_scopes: Scopes the app was not granted.
        order: Which of the two events of a mention comes first.
        suppress: Event types that are not sent, such as `app_mention` (bolt-python#925).
        sparse_mentions: Leave `files` out of app_mention (openclaw#115157).
        duplicates: How often each acked event is delivered once more.
        dead_tickets: How many of the next socket URLs refuse every upgrade.
        freeze_sockets: Leave the client's pings unanswered and deliver nothing.
        streaming: Slack's error code for `chat.startStream`, "" when streaming works.
        agent_features: Off for an app without the Agents feature.
        new_blocks: Off where the blocks of 2025 and 2026 are refused.
        home_tab: Off for an app without a Home tab.
        page_limit: The most messages on a page of replies or history, None for Slack's 999.
        downloads: File id to how its download fails.
        consent_denied: Whoever is asked to install the app says no.
    """

    def __init__(self, profile: Profile = ALL_FEATURES) -> None:
        self.withheld_scopes: set[str] = set()
        self.order: Literal["message_first", "mention_first"] = "mention_first"
        self.suppress: set[str] = set()
        self.sparse_mentions = False
        self.duplicates = 0
        self.dead_tickets = 0
        self.freeze_sockets = False
        self.streaming = "" if profile.streaming else "feature_disabled"
        self.agent_features = profile.view != "none"
        self.new_blocks = profile.new_blocks
        self.home_tab = True
        self.page_limit: int | None = None
        self.downloads: dict[str, Download] = {}
        self.consent_denied = False
        self._scripts: dict[str, list[Fault]] = defaultdict(list)

    def rate_limit(self, method: str, *, retry_after: int = 1, times: int | None = 1) -> None:
        """Answer 429 with `Retry-After`."""
        headers = {"Retry-After": str(retry_after)}
        self._add(method, Fault("status", times, "ratelimited", headers, status=429))

    def refuse(self, method: str, code: str, *, times: int | None = 1, **extra: Any) -> None:
        """Answer `{"ok": false, "error": code, …}`."""
        self._add(method, Fault("refuse", times, code, extra))

    def break_down(self, method: str, *, status: int = 500, times: int | None = 1) -> None:
        """Answer with an HTTP error status."""
        self._add(method, Fault("status", times, "internal_error", status=status))

    def answer_html(self, method: str, *, times: int | None = 1) -> None:
        """Answer 200 with a page of HTML."""
        self._add(method, Fault("html", times))

    def reset(self, method: str, *, times: int | None = 1) -> None:
        """Reset the connection before anything is done."""
        self._add(method, Fault("reset", times))

    def cut(self, method: str, *, times: int | None = 1) -> None:
        """Do what the call asks, then reset the connection instead of answering."""
        self._add(method, Fault("cut", times))

    def delay(self, method: str, seconds: float, *, times: int | None = 1) -> None:
        """Answer later."""
        self._add(method, Fault("delay", times, seconds=seconds))

    def hold(self, method: str, *, times: int | None = 1) -> Gate:
        """Keep calls waiting, before they take effect, until the gate is released."""
        gate = Gate()
        self._add(method, Fault("hold", times, gate=gate))
        return gate

    def clear(self, method: str) -> None:
        """Take back what was scripted for a method."""
        self._scripts.pop(method, None)

    def take(self, method: str) -> Fault | None:
        """Return the fault of the next call of `method`, and use it up."""
        script = self._scripts.get(method)
        if not script:
            return None
        fault = script[0]
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                script.pop(0)
        return fault

    def _add(self, method: str, fault: Fault) -> None:
        self._scripts[method].append(fault)
