"""The ledger: which turns exist, in what order, who has them, and how each ended."""

from bot.ledger.ledger import ASKED, LATER, OFFERED, QUICK, WORK, Ledger
from bot.ledger.turn import Asked, Entry, Kind, Outcome, Turn, Waiting

__all__ = [
    "ASKED",
    "LATER",
    "OFFERED",
    "QUICK",
    "WORK",
    "Asked",
    "Entry",
    "Kind",
    "Ledger",
    "Outcome",
    "Turn",
    "Waiting",
]
