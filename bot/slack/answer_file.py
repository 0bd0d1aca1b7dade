"""An answer that is too long to be read in messages, as a file in its thread."""

from collections.abc import Sequence
from typing import Final

import structlog

from bot.errors import DeliveryRefused
from bot.language import Language
from bot.slack.calls import SlackCalls
from bot.slack.capabilities import ReplyPlace

log = structlog.get_logger(__name__)

MOST_MESSAGES: Final = 5
"""Of how many messages an answer is at most; who wants to read more does so in a file."""


def name_answer_file(turn_id: str) -> str:
    """Name the file of a turn's answer; a shared file carries no metadata, only its name."""
    return f"answer-{turn_id}.md"


class AnswerFile:
    """The file of one turn's answer.

    Args:
        calls: The workspace's Web API.
        place: The thread.
        turn_id: The turn.
        standing: The ids of those that earlier attempts left.
        language: What its title is said in.
    """

    def __init__(
        self,
        calls: SlackCalls,
        place: ReplyPlace,
        turn_id: str,
        standing: Sequence[str],
        language: Language,
    ) -> None:
        self._calls = calls
        self._place = place
        self._turn_id = turn_id
        self._standing = standing
        self._language = language

    async def share(self, markdown: str) -> bool:
        """Attach the whole answer to the thread; False if Slack won't have it.

        It is the Markdown that the model wrote. Raises DeliveryDelayed.
        """
        try:
            await self._calls.upload(
                name_answer_file(self._turn_id),
                markdown,
                channel=self._place.channel,
                thread_ts=self._place.thread_ts,
                title=self._language.say("Answer"),
            )
        except DeliveryRefused as error:
            log.info("answer_file_refused", code=error.code)
            return False
        return True

    async def remove_standing(self) -> None:
        """Delete what earlier attempts left, as far as Slack lets us; raises DeliveryDelayed."""
        for file_id in self._standing:
            try:
                await self._calls.call("files.delete", file=file_id)
            except DeliveryRefused as error:
                log.info("answer_file_not_removed", code=error.code)
        self._standing = ()
