"""Tells what came of a run: a table, and the evidence of whatever is wrong."""

import statistics
from collections import Counter
from collections.abc import Iterator

from tests.chaos.judge import Transcript, count_outcomes
from tests.chaos.scenario import Result

_SHOWN_CHARS = 60


def draw_table(result: Result) -> str:
    """Return the counts, one in a line."""
    accepted = [one for thread in result.threads for one in thread.questions if one.accepted]
    presses = [one for thread in result.threads for one in thread.presses if one.accepted]
    answers, notices = count_outcomes(result.threads)
    moments = Counter(kill.moment for kill in result.kills)
    rows: list[tuple[str, object]] = [
        ("kills", len(result.kills)),
        *((f"  {moment}", count) for moment, count in sorted(moments.items())),
        ("threads", len(result.threads)),
        ("questions accepted", len(accepted)),
        ("presses accepted", len(presses)),
        ("answers", answers),
        ("error messages", notices),
        *((fault, result.faults[fault]) for fault in ("lost", "doubled", "out of order")),
        *((fault, result.faults[fault]) for fault in ("half-written", "left open", "astray")),
        ("never ended", result.undone),
        ("ended by themselves", sum(code != 0 for code in result.exits)),
        ("taken up again after a kill, median / longest", _summarize(result.takeovers)),
        ("seconds", round(result.seconds)),
    ]
    return "\n".join(f"{name:50} {value}" for name, value in rows)


def collect_evidence(result: Result) -> str:
    """Return each finding with its thread and what the processes logged of it."""
    return "\n\n".join(
        f"{found.fault.upper()} in {thread.channel} {thread.thread_ts}: {found.detail}\n"
        + "\n".join([*_write_thread(thread), *_find_lines(result, thread)])
        for thread, found in result.findings
    )


def _summarize(seconds: list[float]) -> str:
    if not seconds:
        return "none"
    return f"{statistics.median(seconds):.1f} s / {seconds[-1]:.1f} s of {len(seconds)}"


def _write_thread(thread: Transcript) -> list[str]:
    lines = [(one.ts, f"Q{one.number} accepted={one.accepted}") for one in thread.questions]
    for said in thread.posted:
        state = " STREAMING" if said.streaming else ""
        text = " ".join(said.text.split())
        if len(text) > _SHOWN_CHARS:
            text = f"{text[: _SHOWN_CHARS // 2]} … {text[-_SHOWN_CHARS // 2 :]}"
        about = f"{said.event or 'unmarked'} {said.turn} part {said.part}{state}"
        lines.append((said.ts, f"    {about}: {text}"))
    return [f"  {ts} {line}" for ts, line in sorted(lines)]


def _find_lines(result: Result, thread: Transcript) -> Iterator[str]:
    """Yield the log lines that name the thread's messages or turns."""
    names = {one.ts for one in thread.questions} | {one.turn for one in thread.posted if one.turn}
    for life, log in result.logs.items():
        for line in log.splitlines():
            if any(name in line for name in names):
                yield f"  [{life}] {line}"
