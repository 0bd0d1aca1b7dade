"""What somebody missed: a channel's or a thread's messages, to be summed up. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CatchUp:
    """What is to be summed up.

    Attributes:
        channel: The channel's id.
        thread_ts: The thread's root, "" for the channel itself.
        since: From when on, in seconds since 1970; 0 for all of a thread, or the newest of a
            channel.
        until: Up to when, 0 for now.
    """

    channel: str
    thread_ts: str = ""
    since: float = 0.0
    until: float = 0.0
