"""Ask for what Slack refuses, and look at the refusal."""

from collections.abc import Awaitable

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.demo.workspace import Json


async def refusal(call: Awaitable[AsyncSlackResponse]) -> str:
    """Return Slack's error code of a call that must fail."""
    return str((await refused(call))["error"])


async def refused(call: Awaitable[AsyncSlackResponse]) -> Json:
    """Return the whole answer of a call that must fail."""
    with pytest.raises(SlackApiError) as failure:
        await call
    answer = failure.value.response
    assert isinstance(answer, AsyncSlackResponse)
    assert isinstance(answer.data, dict)
    return answer.data
