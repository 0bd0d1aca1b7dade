"""The kinds of workspace an app can meet: what Slack has switched on there."""

from dataclasses import dataclass
from typing import Final, Literal

AgentView = Literal["agent", "assistant", "none"]


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of workspace.

    Attributes:
        name: What a person calls it.
        view: How the app is shown: as an agent, as an assistant (the view that agents had before,
            with a thread for every chat), or as a plain app without the Agents feature.
        streaming: Whether `chat.startStream` works.
        new_blocks: Whether it knows the blocks of 2025 and 2026, such as `table` and `container`.
    """

    name: str
    view: AgentView = "agent"
    streaming: bool = True
    new_blocks: bool = True


ALL_FEATURES: Final = Profile("all features")
NO_STREAMING: Final = Profile("no streaming", streaming=False)
NO_AGENT_FEATURES: Final = Profile("no agent features", view="none")
LEGACY_ASSISTANT: Final = Profile("legacy assistant", view="assistant")
OLD_BLOCKS: Final = Profile("old blocks", new_blocks=False)

PROFILES: Final = {
    profile.name: profile
    for profile in (ALL_FEATURES, NO_STREAMING, NO_AGENT_FEATURES, LEGACY_ASSISTANT, OLD_BLOCKS)
}
"""Every profile by its name."""
