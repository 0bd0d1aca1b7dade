"""The documents that one answer may be made of, and what it is checked against."""

import asyncio
from collections.abc import Iterable

from bot.conversation.messages import Document, Passage
from bot.documents.evidence import Evidence
from bot.documents.links import find_urls
from bot.documents.marks import MarkedDocument, Marks


class Sources:
    """What is given to the model for one answer.

    Args:
        team: Whose documents they are.
        named: Whether marks carry the documents' names, since there are several.

    Attributes:
        evidence: What is written on the pages.
        addresses: The links that stand on them.
    """

    def __init__(self, team: str, *, named: bool) -> None:
        self.team = team
        self.named = named
        self.evidence = Evidence()
        self.addresses: set[str] = set()
        self._documents: dict[str, MarkedDocument] = {}
        self._marks: Marks | None = None

    @property
    def marks(self) -> Marks:
        """How the pages may be cited."""
        if self._marks is None:
            self._marks = Marks(tuple(self._documents.values()))
        return self._marks

    def name(self, document: Document) -> str:
        """Return what marks call the document, "" if there is but one."""
        return document.name if self.named else ""

    async def add(self, document: Document, passages: Iterable[Passage]) -> None:
        """Let the answer cite these passages' pages, and be checked against them."""
        passages = list(passages)
        labels = {passage.page: passage.label for passage in passages}
        self._documents[document.file_id] = MarkedDocument(document.name, document.unit, labels)
        self._marks = None
        # A name with dots looks like an address; it is as harmless as the document's text.
        self.addresses |= find_urls(document.name)
        # Millions of characters take a while; other turns go on meanwhile.
        await asyncio.to_thread(self._read, document.name, passages)

    def _read(self, name: str, passages: Iterable[Passage]) -> None:
        for passage in passages:
            self.evidence.add(name, passage.page, passage.text)
            self.addresses |= find_urls(passage.text)
