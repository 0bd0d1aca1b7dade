"""What a message gets before anything is read for it: an answer, silence, or a word on why not."""

import time
from collections.abc import Callable, Sequence

from bot.conversation.addressing import find_silence
from bot.conversation.farewell import says_goodbye
from bot.conversation.messages import Message, Participation, SharedFile, UserMessage
from bot.conversation.ports import History
from bot.conversation.preferences import Defaults, Rules
from bot.errors import BudgetUsed, NotOpenHere, OutsidersNotAnswered, PersonBudgetUsed
from bot.ledger import Ledger
from bot.slack.directory import NOBODY
from bot.slack.events import Said
from bot.slack.text import find_ids
from bot.slack.workspaces import Workspace
from bot.store.preferences import PreferenceStore
from bot.store.usage import UsageStore, month_of

_MOST_OF_BOTS = 5
"""So many messages of bots in a row are answered: two bots could talk for ever."""


class Admission:
    """Applies what people, channels, workspaces and the operator chose.

    Args:
        ledger: Knows where we took part.
        history: Knows what was said.
        preferences: What was chosen.
        usage: What was used.
        defaults: What the operator set.
        now: Seconds since 1970.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        history: History,
        preferences: PreferenceStore,
        usage: UsageStore,
        defaults: Defaults,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._history = history
        self._preferences = preferences
        self._usage = usage
        self._defaults = defaults
        self._now = now

    async def find_rules(self, said: Said) -> Rules:
        """Say what holds for a message."""
        thread = said.thread
        chosen = await self._preferences.find(
            thread.team, person=said.author, channel=thread.channel
        )
        return chosen.resolve(self._defaults, channel=thread.channel)

    async def find_silence(
        self, said: Said, participation: Participation, workspace: Workspace, rules: Rules
    ) -> str | None:
        """Say why a message gets no answer; None if it gets one, or a word on why not."""
        match said.call:
            case "overheard":
                return "another_bot"
            case "deleted":
                return "deleted"
            case "share" if rules.files == "off":
                return "channel_files_off"
            case "share" if all(_is_no_document(file) for file in said.files):
                return "no_document"
            case "share" | "reply" if await self._find_refusal(said, workspace, rules):
                # Nobody called us, so nobody is told.
                return "not_open_here"
            case "reply":
                named, _ = find_ids(said.text)
                took_part = participation.answered or await self._ledger.took_part(said.thread)
                return find_silence(
                    thread_is_ours=took_part and not participation.left,
                    natural=rules.follow_ups == "natural",
                    earlier_authors=participation.people,
                    author=said.author,
                    names_others=bool(named - {workspace.bot.user_id}),
                )
            case "mention" if said.bot_name and await self._talks_with_bots(said):
                return "bots_among_themselves"
            case _:
                return None

    async def check(self, said: Said, workspace: Workspace, rules: Rules) -> None:
        """Raise what keeps a message from being answered that is not to be passed over.

        Raises:
            NotOpenHere: The workspace's admins keep us out of this channel.
            OutsidersNotAnswered: The person is of another organisation.
            BudgetUsed: The workspace has used what it may this month.
            PersonBudgetUsed: The person has.
        """
        refusal = await self._find_refusal(said, workspace, rules)
        if refusal is not None:
            raise refusal
        team, month = said.thread.team, month_of(self._now())
        if rules.person_tokens is not None:
            used = await self._usage.of_person(team, said.author, month)
            if used.tokens >= rules.person_tokens:
                raise PersonBudgetUsed
        if rules.monthly_tokens is not None:
            used = await self._usage.of_team(team, month)
            if used.tokens >= rules.monthly_tokens:
                raise BudgetUsed

    async def _find_refusal(
        self, said: Said, workspace: Workspace, rules: Rules
    ) -> NotOpenHere | OutsidersNotAnswered | None:
        if not rules.is_open_here:
            return NotOpenHere()
        if rules.outsiders or said.bot_name:
            return None
        # Within an enterprise people have other teams, too, and not every event names the team.
        person = await workspace.directory.find_person(said.author)
        # Of whom Slack doesn't tell just now, the event may.
        is_stranger = person.is_stranger or (
            person == NOBODY and said.author_team != said.thread.team
        )
        return OutsidersNotAnswered() if is_stranger else None

    async def _talks_with_bots(self, said: Said) -> bool:
        last = await self._history.load(said.thread, before=said.ts, limit=4 * _MOST_OF_BOTS)
        return _count_bots(last) >= _MOST_OF_BOTS


def asks_us_to_leave(said: Said) -> bool:
    """Whether a person in a channel's thread has had enough of us."""
    in_channel = said.call in {"mention", "reply"} and not said.is_private
    return in_channel and not said.files and says_goodbye(said.text)


def _count_bots(messages: Sequence[Message]) -> int:
    """Count the messages of other bots since a person last wrote."""
    count = 0
    for message in reversed(messages):
        if isinstance(message, UserMessage):
            if not message.author.startswith("B"):
                break
            count += 1
    return count


def _is_no_document(file: SharedFile) -> bool:
    return file.media_type.partition("/")[0] in {"image", "audio", "video"}
