"""Slack's limits as data: what the stand-in refuses, because Slack does.

Lengths are in characters. From the Block Kit reference and the method pages of Slack's docs, from
`slack_sdk.models.blocks` where those are silent, or from the issue that is named.
"""

BLOCKS_PER_MESSAGE = 50
BLOCKS_PER_VIEW = 100
ATTACHMENTS_PER_MESSAGE = 100
ID_LENGTH = 255
SECTION_TEXT = 3_000
SECTION_FIELDS = 10
SECTION_FIELD_TEXT = 2_000
HEADER_TEXT = 150
MARKDOWN_TEXT_SUM = 12_000
CONTEXT_ELEMENTS = 10
CONTEXT_ACTIONS_ELEMENTS = 5
ACTIONS_ELEMENTS = 25
BUTTON_TEXT = 75
BUTTON_VALUE = 2_000
BUTTON_URL = 3_000
BUTTON_LABEL = 75
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30
OPTIONS = 100
OPTION_TEXT = 75
OPTION_VALUE = 150
PLACEHOLDER = 150
IMAGE_URL = 3_000
IMAGE_TEXT = 2_000
INPUT_LABEL = 2_000
TABLE_ROWS = 100
TABLE_COLUMNS = 20
TABLE_CHARACTERS = 10_000
VIEW_TITLE = 24
PRIVATE_METADATA = 3_000

TEXT_TRUNCATED_AT = 40_000
"""`chat.postMessage` cuts longer text and warns; it does not refuse it."""

UPDATE_TEXT = 4_000
MARKDOWN_ARGUMENT = 12_000
STREAM_BYTES = 10_600
"""UTF-8 bytes of a whole stream. Not documented; openclaw#143882 measured 10.6 to 11.3 kB."""

STREAM_SECONDS = 300.0
"""A stream's life from its start, even while it grows. Not documented; node-slack-sdk#2702 and
python-slack-sdk#1859 measured about five minutes."""

REPLIES_DEFAULT = 1_000
HISTORY_DEFAULT = 100
MEMBERS_DEFAULT = 100
PAGE_MAXIMUM = 999
LOADING_MESSAGES = 10
SUGGESTED_PROMPTS = 4
SESSION_TITLE = 200
ALT_TEXT = 1_000
UPLOAD_CHANNELS = 100
SNIPPET_BYTES = 1_000_000

RESPONSE_URL_USES = 5
RESPONSE_URL_SECONDS = 30 * 60.0
TRIGGER_SECONDS = 3.0
SOCKETS = 10
