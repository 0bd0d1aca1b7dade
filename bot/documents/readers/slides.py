"""Presentations, slide by slide.

anydoc marks no borders between slides, so each slide is converted alone: from a copy of the package
that lists only that one.
"""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element, ParseError, fromstring, tostring

from .flow import convert
from .kinds import ZIP_ERRORS, Kind
from .pages import Limits, Pages, Reading, Unreadable
from .sections import read_sections

_PPTX_LIST = "ppt/presentation.xml"
_ODP_CONTENT = "content.xml"
_PER_SLIDE = ("ppt/slides/", "ppt/notesSlides/")
_TARGET = re.compile(rb'\bTarget="([^"]+)"')
_RELATION_ID = re.compile(r"\{.*/relationships\}id$")


def read(data: bytes, kind: Kind, limits: Limits) -> Reading:
    """Read one page per slide, speaker notes included.

    A package without a list of slides is read in one go, as running text.

    Raises:
        Unreadable: As `flow.convert`, when no slide at all can be converted.
    """
    try:
        parts = _load(data)
        split = _split_pptx if kind.format == "pptx" else _split_odp
        total, slides = split(parts)
    except (KeyError, ParseError, *ZIP_ERRORS):
        return read_sections(convert(data, kind.format), limits)
    pages = Pages(limits)
    failure: Unreadable | None = None
    for slide in slides:
        if pages.full:
            break
        try:
            pages.add(convert(slide, kind.format))
        except Unreadable as error:
            failure = error
            pages.skip()
    if failure and len(pages.damaged) == total:
        raise failure
    return pages.close("slide", total)


def _load(data: bytes) -> dict[str, bytes]:
    """Return the package's XML parts; pictures and recordings would only be copied around."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {
            name: package.read(name)
            for name in package.namelist()
            if name.endswith((".xml", ".rels")) or name == "mimetype"
        }


def _split_pptx(parts: dict[str, bytes]) -> tuple[int, Iterator[bytes]]:
    """Return how many slides there are, and one package for each, in the order shown."""
    presentation = fromstring(parts[_PPTX_LIST])  # noqa: S314  # expat caps entity expansion, and the process is limited
    listing = _only(presentation, "sldIdLst")
    relations = fromstring(parts[_relations_of(_PPTX_LIST)])  # noqa: S314  # as above
    targets = {
        relation.get("Id"): _resolve(_PPTX_LIST, relation.get("Target", ""))
        for relation in relations
    }
    shared = {name: part for name, part in parts.items() if not name.startswith(_PER_SLIDE)}

    def build(slide: Element) -> bytes:
        listing[:] = [slide]
        ids = [value for key, value in slide.items() if _RELATION_ID.match(key)]
        own = _reachable(parts, targets.get(ids[0], "") if ids else "")
        return _pack(shared | own | {_PPTX_LIST: tostring(presentation, "utf-8")})

    slides = list(listing)
    return len(slides), (build(slide) for slide in slides)


def _split_odp(parts: dict[str, bytes]) -> tuple[int, Iterator[bytes]]:
    content = fromstring(parts[_ODP_CONTENT])  # noqa: S314  # as in _split_pptx
    show = _only(content, "presentation")
    slides = [child for child in show if _local(child) == "page"]

    def build(slide: Element) -> bytes:
        show[:] = [slide]
        return _pack(parts | {_ODP_CONTENT: tostring(content, "utf-8")})

    return len(slides), (build(slide) for slide in slides)


def _only(root: Element, name: str) -> Element:
    for element in root.iter():
        if _local(element) == name:
            return element
    raise KeyError(name)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _relations_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return f"{folder}/_rels/{name}.rels"


def _resolve(part: str, target: str) -> str:
    """Return the name of the part that a relation of `part` points to."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), target))[1:]


def _reachable(parts: Mapping[str, bytes], slide: str) -> dict[str, bytes]:
    """Return a slide, its notes, and the relations of both."""
    relations = parts.get(_relations_of(slide), b"")
    targets = (_resolve(slide, target.decode()) for target in _TARGET.findall(relations))
    own = [slide, *(target for target in targets if target.startswith("ppt/notesSlides/"))]
    names = [*own, *map(_relations_of, own)]
    return {name: parts[name] for name in names if name in parts}


def _pack(parts: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return buffer.getvalue()
