"""Slack's limits, as data.

Each constant says whether Slack documents it, whether it was only observed, or whether it is our
own choice below one of those.
"""

from typing import Final

MARKDOWN_CHARS: Final = 12_000
"""Documented (block kit, markdown block): characters in all `markdown` blocks of one message."""

TEXT_CHARS: Final = 4_000
"""Documented (chat.update refuses more, chat.postMessage advises against it): chars of `text`."""

POST_TEXT_CHARS: Final = 40_000
"""Documented (chat.postMessage): characters of `text` in a post; more is cut off."""

SECTION_CHARS: Final = 3_000
"""Documented (block kit, section block): characters of a section's text."""

CONTEXT_CHARS: Final = 2_000
"""Ours: characters of one text in a context block; Slack documents no number below a section's."""

MESSAGE_BLOCKS: Final = 50
"""Documented (chat.postMessage): blocks in one message."""

CONTEXT_ELEMENTS: Final = 10
"""Documented (block kit, context block): elements of one context block."""

ACTIONS_ELEMENTS: Final = 25
"""Documented (block kit, actions block): elements of one actions block."""

BUTTON_TEXT_CHARS: Final = 75
"""Documented (block kit, button element): characters of its text and its accessibility label."""

BUTTON_VALUE_CHARS: Final = 2_000
"""Documented (block kit, button element): characters of its value."""

OPTION_TEXT_CHARS: Final = 75
"""Documented (block kit, option object): characters of an option's text."""

CONTAINER_BLOCKS: Final = 10
"""Documented (block kit, container block): blocks inside of one container."""

CONTAINER_TITLE_CHARS: Final = 150
"""Documented (block kit, container block): characters of its title, and of its subtitle."""

REASON_CHARS: Final = 3_000
"""Documented (block kit, plain-text input): the longest text that an input takes."""

INPUT_LABEL_CHARS: Final = 2_000
"""Documented (block kit, input block): characters of its label, and of its hint."""

VIEW_TITLE_CHARS: Final = 24
"""Documented (modal view): characters of its title, and of the texts that send or close it."""

STREAM_BYTES: Final = 9_000
"""Observed (openclaw#143882): UTF-8 bytes of one streamed message.

`msg_too_long` came at 10.6 to 11.3 kB; this is the cap that clients in the field use.
"""

STREAM_BORDER_BYTES: Final = 7_000
"""Ours: from here on a streamed message ends at the next paragraph instead of at `STREAM_BYTES`."""

STREAM_BORDER_SECONDS: Final = 240.0
"""Ours: from this age on a stream ends at the next paragraph."""

STREAM_SECONDS: Final = 280.0
"""Observed (node-slack-sdk#2702, python-slack-sdk#1859): a stream's age at which it must end.

Slack drops a stream after about 306 s even while it is appended to.
"""

APPEND_SECONDS: Final = 1.25
"""Ours: time between two appends to one stream, when few streams are open in the workspace."""

APPENDS_A_MINUTE: Final = 100
"""Documented (chat.appendStream, tier 4): calls a minute, for all streams of a workspace."""

UPDATE_SECONDS: Final = 3.0
"""Documented (guide to AI apps): least time between two `chat.update` of one message."""

POST_SECONDS: Final = 1.0
"""Documented (rate limits, chat.postMessage): time between two posts in one channel."""

POST_BURST: Final = 3
"""Ours: posts in one channel that may go out at once; Slack allows "short bursts"."""

STATUS_SECONDS: Final = 120.0
"""Documented (assistant.threads.setStatus): after this long a status disappears by itself."""

REPLIES_PAGE: Final = 200
"""Documented (conversations.replies): the page size that Slack recommends; at most 999."""

TABLE_ROWS: Final = 100
"""Documented (block kit, table block): rows of a table."""

TABLE_COLUMNS: Final = 20
"""Documented (block kit, table block): columns of a table."""

TABLE_CHARS: Final = 10_000
"""Documented (block kit, table block): characters in all cells of a message's table."""
