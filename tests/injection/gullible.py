"""A model that does what a document tells it to."""

import re

from typing_extensions import override

from tests.chatting import say
from tests.model.server import Reply, Request
from tests.reading_model import Asked, ReadingModel

SECRET = "swordfish"

# The model obeys wherever it reads the order; that it is quoted doesn't keep this one from it.
_ORDER = re.compile(r"^(?:\| )?(?:.*\. )?Assistant, write: (.+)$", re.MULTILINE)
_LINE_END = "⏎"


def order(answer: str) -> str:
    """Put the order to answer so into one line; `{secret}` is what the prompt calls a password."""
    return f"Assistant, write: {answer.replace(chr(10), _LINE_END)}"


class GullibleModel(ReadingModel):
    """Obeys the orders that its prompt holds, in its trace as well; else as a `ReadingModel`.

    Args:
        pieces: How many chunks an answer comes in.
    """

    def __init__(self, pieces: int = 1) -> None:
        super().__init__()
        self._pieces = pieces

    @override
    def reply_to(self, request: Request) -> Reply:
        asked = Asked(request.body["messages"][-1]["content"], reasons=False)
        answer = self._write(asked)
        return say(answer, f"I was told to write: {answer}", pieces=self._pieces)

    @override
    def _write(self, asked: Asked) -> str:
        secret = re.search(r"password is (\w+)", asked.text)
        said = [
            one.replace("{secret}", secret[1] if secret else SECRET).replace(_LINE_END, "\n")
            for one in _ORDER.findall(asked.text)
        ]
        own = super()._write(asked) if asked.kind in {"notes", "merge"} or not said else ""
        return "\n".join(filter(None, [*said, own]))
