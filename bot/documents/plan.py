"""How a document too long for one prompt is read: in which parts, in how many calls. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from bot.conversation.budget import estimate_tokens
from bot.conversation.messages import Passage


@dataclass(frozen=True, slots=True)
class Part:
    """Neighbouring passages that the model reads in one call.

    Attributes:
        passages: In order, at least one.
        lead: The end of the passage before, as context that another part covers; "" for the first.
        tokens: What passages and lead cost in a prompt, estimated.
    """

    passages: tuple[Passage, ...]
    lead: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a reading will take: calls of the model, and the tokens they read and write."""

    calls: int
    tokens: int


def plan_parts(passages: Sequence[Passage], *, part_tokens: int, overlap_tokens: int) -> list[Part]:
    """Divide a document into as few parts as hold it, of about the same size.

    A page stays in one part unless it alone is larger than that; then its pieces are what stays
    whole. A part, its lead included, costs at most `part_tokens`, unless it is a single piece that
    is larger.

    Args:
        passages: A document's, in order, with their tokens.
        part_tokens: What one part may cost.
        overlap_tokens: How much of it may be its lead, about; less than `part_tokens`.
    """
    total = sum(passage.tokens for passage in passages)
    room = part_tokens if total <= part_tokens else part_tokens - overlap_tokens
    blocks = _keep_together(passages, room)
    parts = []
    before: Passage | None = None
    for group in _divide([sum(one.tokens for one in block) for block in blocks], room):
        chosen = tuple(passage for at in group for passage in blocks[at])
        lead = _take_end(before.text, overlap_tokens) if before else ""
        cost = sum(passage.tokens for passage in chosen)
        parts.append(Part(chosen, lead, cost + (estimate_tokens(lead) if lead else 0)))
        before = chosen[-1]
    return parts


def group_notes(costs: Sequence[int], room: int) -> list[range]:
    """Group notes for one level of merging, in order and about evenly.

    A group costs at most `room`, but there are always fewer groups than notes, so that a tree of
    merges comes to its end: notes of which no two fit together are paired all the same.

    Args:
        costs: Tokens of each note.
        room: Tokens that one merge may read.
    """
    groups = _divide(costs, room)
    if 1 < len(costs) == len(groups):
        return [range(at, min(at + 2, len(costs))) for at in range(0, len(costs), 2)]
    return groups


def estimate(parts: Sequence[Part], notes_tokens: int, merge_tokens: int) -> Estimate:
    """Count the calls from these parts to the summary, and what they cost at most.

    Args:
        parts: One is summarized at once; of several each gets notes, which are merged.
        notes_tokens: What the notes on one part, and each merge, may be long.
        merge_tokens: What one merge may read.
    """
    if len(parts) < 2:
        return Estimate(len(parts), sum(part.tokens + notes_tokens for part in parts))
    calls = len(parts)
    tokens = sum(part.tokens + notes_tokens for part in parts)
    notes = len(parts)
    while notes > 1:
        groups = group_notes([notes_tokens] * notes, merge_tokens)
        # A note that is alone in its group goes up as it is.
        merges = [len(group) for group in groups if len(group) > 1]
        calls += len(merges)
        tokens += sum((size + 1) * notes_tokens for size in merges)
        notes = len(groups)
    return Estimate(calls, tokens)


def cap(parts: Sequence[Part], most_calls: int, notes_tokens: int, merge_tokens: int) -> list[Part]:
    """Keep as many of the first parts as so many calls can read and merge, at least one.

    What the tokens mean, `estimate` says.
    """
    kept = list(parts[: max(1, most_calls)])
    while len(kept) > 1 and estimate(kept, notes_tokens, merge_tokens).calls > most_calls:
        kept.pop()
    return kept


def _keep_together(passages: Sequence[Passage], room: int) -> list[tuple[Passage, ...]]:
    """List what is not to be divided: pages, or the pieces of a page larger than a part."""
    blocks: list[tuple[Passage, ...]] = []
    for _, pieces in groupby(passages, key=lambda passage: passage.page):
        page = tuple(pieces)
        if sum(piece.tokens for piece in page) <= room:
            blocks.append(page)
        else:
            blocks += [(piece,) for piece in page]
    return blocks


def _divide(costs: Sequence[int], room: int) -> list[range]:
    """Divide a row into as few groups as `room` allows, each as near to an even share as can be.

    A group costs more than `room` only if it has a single member.
    """
    count = len(costs)
    sums = [0, *accumulate(costs)]
    reach = [0] * count  # how far a group may go that begins here
    end = 0
    for start in range(count):
        end = max(end, start + 1)
        while end < count and sums[end + 1] - sums[start] <= room:
            end += 1
        reach[start] = end
    needed = [0] * (count + 1)  # how many groups hold all from here on
    for start in reversed(range(count)):
        needed[start] = 1 + needed[reach[start]]
    groups = []
    start = 0
    for left in range(needed[0] if count else 0, 0, -1):
        share = sums[start] + (sums[count] - sums[start]) / left
        ends = [
            end
            for end in range(start + 1, reach[start] + 1)
            if needed[end] < left and count - end >= left - 1
        ]
        end = min(ends, key=lambda end: (abs(sums[end] - share), -end)) if left > 1 else count
        groups.append(range(start, end))
        start = end
    return groups


def _take_end(text: str, tokens: int) -> str:
    """Take about so many tokens off a text's end, whole lines; of a longer last line its end."""
    lines = text.rstrip().split("\n")
    kept: list[str] = []
    for line in reversed(lines):
        if estimate_tokens("\n".join((line, *kept))) > tokens:
            break
        kept.insert(0, line)
    if kept or tokens <= 0:
        return "\n".join(kept).strip()
    last = lines[-1]
    length = len(last) * tokens // estimate_tokens(last)
    end = last[len(last) - length :]
    while end and estimate_tokens(end) > tokens:
        end = end[len(end) // 8 + 1 :]
    # Begin with a whole word, where words have spaces between them.
    return end.partition(" ")[2] or end
