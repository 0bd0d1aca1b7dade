"""Files over the real wire: httpx and slack_sdk against a local stand-in of Slack."""

import io
import tempfile
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import httpx
import pytest
from aiohttp import web
from blockbuster import blockbuster_ctx
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.messages import SharedFile
from bot.errors import DocumentError
from bot.slack import files
from bot.slack.files import FileFetcher, parse_file

TOKEN = "xoxb-one"
PDF = b"%PDF-1.7 some bytes of a document"
SIGN_IN = b"<!DOCTYPE html>\n<html><body>Sign in to Acme</body></html>"

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Server:
    """Serves what each path is set to, and remembers what it was asked."""

    origin: str = ""
    answers: dict[str, list[web.Response | Answer]] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.path_qs, request.headers.get("Authorization")))
        queue = self.answers[request.path]
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if callable(answer):
            return await answer(request)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    def serve(self, path: str, *answers: web.Response | Answer) -> str:
        self.answers[path] = list(answers)
        return self.origin + path

    def describe(self, *objects: dict[str, Any]) -> None:
        """Set what files.info answers."""
        self.serve(
            "/api/files.info",
            *(web.json_response({"ok": True, "file": raw}) for raw in objects),
        )

    def refuse(self, code: str, *, status: int = 200, **headers: str) -> None:
        self.serve(
            "/api/files.info",
            web.json_response({"ok": False, "error": code}, status=status, headers=headers),
        )

    @property
    def paths(self) -> list[str]:
        return [path.partition("?")[0] for path, _ in self.requests]


async def start(server: Server) -> web.AppRunner:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    return runner


@pytest.fixture
async def slack() -> AsyncIterator[Server]:
    server = Server()
    runner = await start(server)
    yield server
    await runner.cleanup()


@pytest.fixture
async def stranger() -> AsyncIterator[Server]:
    """A host that isn't Slack's."""
    server = Server()
    runner = await start(server)
    yield server
    await runner.cleanup()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
def naps() -> list[float]:
    """How long the fetcher would have waited."""
    return []


@pytest.fixture
def fetcher(slack: Server, http: httpx.AsyncClient, naps: list[float]) -> FileFetcher:
    async def client_for(team: str) -> AsyncWebClient:
        return AsyncWebClient(
            token=TOKEN if team == "T1" else "xoxb-two", base_url=f"{slack.origin}/api/"
        )

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    return FileFetcher(
        http, client_for, max_bytes=1_000, trusted_origins=frozenset({slack.origin}), sleep=nap
    )


async def fetch(fetcher: FileFetcher, team: str, file: SharedFile) -> bytes:
    sink = io.BytesIO()
    await fetcher.fetch(team, file, sink)
    return sink.getvalue()


def pdf(url: str, size: int = len(PDF)) -> SharedFile:
    return SharedFile("F1", "q3.pdf", "application/pdf", size, url)


def ok(body: bytes = PDF, media_type: str = "application/pdf") -> web.Response:
    return web.Response(body=body, content_type=media_type)


def redirect(url: str, status: int = 302) -> web.Response:
    return web.Response(status=status, headers={"Location": url})


async def test_bytes_come_with_the_teams_own_token(slack: Server, fetcher: FileFetcher) -> None:
    url = slack.serve("/files-pri/q3.pdf", ok())
    assert await fetch(fetcher, "T1", pdf(url)) == PDF
    assert await fetch(fetcher, "T2", pdf(url)) == PDF
    assert [token for _, token in slack.requests] == ["Bearer xoxb-one", "Bearer xoxb-two"]


async def test_no_cookie_goes_from_one_team_to_the_next(
    slack: Server, fetcher: FileFetcher
) -> None:
    seen: list[str | None] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Cookie"))
        return web.Response(body=PDF, headers={"Set-Cookie": "session=T1; Path=/"})

    url = slack.serve("/f", answer)
    await fetch(fetcher, "T1", pdf(url))
    await fetch(fetcher, "T2", pdf(url))
    assert seen == [None, None]


async def test_redirects_are_followed_on_slacks_hosts(slack: Server, fetcher: FileFetcher) -> None:
    slack.serve("/b", redirect("/c", 307))
    slack.serve("/c", ok())
    url = slack.serve("/a", redirect(f"{slack.origin}/b"))
    assert await fetch(fetcher, "T1", pdf(url)) == PDF
    assert slack.requests == [(path, "Bearer xoxb-one") for path in ("/a", "/b", "/c")]


async def test_redirect_to_a_stranger_is_not_followed(
    slack: Server, stranger: Server, fetcher: FileFetcher
) -> None:
    url = slack.serve("/a", redirect(stranger.serve("/steal", ok())))
    with pytest.raises(files.FileUnreachable):
        await fetch(fetcher, "T1", pdf(url))
    assert stranger.requests == []


async def test_redirects_end(slack: Server, fetcher: FileFetcher) -> None:
    url = slack.serve("/a", redirect("/a"))
    with pytest.raises(files.FileUnreachable):
        await fetch(fetcher, "T1", pdf(url))
    assert len(slack.requests) == files.MAX_REDIRECTS + 1


async def test_url_of_a_stranger_is_not_fetched(stranger: Server, fetcher: FileFetcher) -> None:
    with pytest.raises(files.FileElsewhere):
        await fetch(fetcher, "T1", pdf(stranger.serve("/f", ok())))
    assert stranger.requests == []


@pytest.mark.parametrize(
    ("url", "visited", "holds_token"),
    [
        ("https://files.slack.com/files-pri/T1-F1/q3.pdf", True, True),
        ("https://acme.enterprise.slack.com/x", True, True),
        ("https://FILES.SLACK.COM:443/x", True, True),
        ("https://slack.com/signin", True, False),
        ("https://slack-files.com/x", True, False),
        ("https://a.slack-edge.com/x", True, False),
        ("http://files.slack.com/x", False, False),
        ("https://files.slack.com:8443/x", False, False),
        ("https://files.slack.com@evil.example/x", False, False),
        ("https://user:pass@files.slack.com/x", False, False),
        ("https://evil-slack.com/x", False, False),
        ("https://slack.com.evil.example/x", False, False),
        ("https://files.slack.com.:443/x", False, False),
        ("https://evil.example/files.slack.com", False, False),
        ("https://evil.example\\@files.slack.com/x", False, False),
        ("https://xslack-files.com/x", False, False),
        ("ftp://files.slack.com/x", False, False),
        ("file:///etc/passwd", False, False),
        ("//files.slack.com/x", False, False),
        ("https://[::1", False, False),
        ("not a url", False, False),
    ],
)
async def test_only_slacks_own_hosts_see_the_token(
    url: str, visited: bool, holds_token: bool
) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=PDF)

    async def client_for(_team: str) -> AsyncWebClient:
        return AsyncWebClient(token=TOKEN)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        fetcher = FileFetcher(http, client_for, max_bytes=1_000)
        if visited:
            assert await fetch(fetcher, "T1", pdf(url)) == PDF
        else:
            with pytest.raises(DocumentError):
                await fetch(fetcher, "T1", pdf(url))
    assert bool(seen) is visited
    assert any(TOKEN in request.headers.get("Authorization", "") for request in seen) is holds_token


@pytest.mark.parametrize("media_type", ["text/html", "application/octet-stream"])
async def test_sign_in_page_means_that_the_permission_is_missing(
    slack: Server, fetcher: FileFetcher, media_type: str
) -> None:
    url = slack.serve("/f", ok(b"\xef\xbb\xbf \n" + SIGN_IN, media_type))
    for size in (0, 48_213 // 100):
        with pytest.raises(files.FilePermissionMissing) as caught:
            await fetch(fetcher, "T1", pdf(url, size))
        assert "files:read" in caught.value.plain


async def test_redirect_to_the_sign_in_page_is_told_as_well(
    slack: Server, fetcher: FileFetcher
) -> None:
    slack.serve("/signin", ok(SIGN_IN, "text/html"))
    url = slack.serve("/f", redirect("/signin"))
    with pytest.raises(files.FilePermissionMissing):
        await fetch(fetcher, "T1", pdf(url))


async def test_html_that_was_shared_is_no_sign_in_page(slack: Server, fetcher: FileFetcher) -> None:
    url = slack.serve("/f", ok(SIGN_IN, "text/html"))
    for shared in (
        SharedFile("F1", "page.html", "text/html", len(SIGN_IN), url),
        SharedFile("F2", "source.txt", "text/plain", len(SIGN_IN), url),
        SharedFile("F3", "canvas", "text/html", 0, url),
    ):
        assert await fetch(fetcher, "T1", shared) == SIGN_IN
    with pytest.raises(files.FilePermissionMissing):
        await fetch(fetcher, "T1", SharedFile("F4", "page.html", "text/html", 9_99, url))


async def test_size_is_limited_before_and_while_it_streams(
    slack: Server, fetcher: FileFetcher
) -> None:
    streamed = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal streamed
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 500)
                streamed += 500
        except ConnectionError:
            return response

    announced = slack.serve("/announced", ok(b"x" * 1_001))
    open_ended = slack.serve("/endless", endless)
    for shared in (pdf(announced, 1_001), pdf(announced, 0), pdf(open_ended, 0)):
        with pytest.raises(files.FileTooLarge) as caught:
            await fetch(fetcher, "T1", shared)
        assert caught.value.name == "q3.pdf"
    assert slack.paths == ["/announced", "/endless"]
    assert await fetch(fetcher, "T1", pdf(slack.serve("/f", ok(b"x" * 1_000)), 1_000))


async def test_big_file_is_never_held_in_memory(slack: Server, http: httpx.AsyncClient) -> None:
    piece = b"x" * 1_000_000

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(50):
            await response.write(piece)
        return response

    async def client_for(_team: str) -> AsyncWebClient:
        return AsyncWebClient(token=TOKEN)

    fetcher = FileFetcher(
        http, client_for, max_bytes=50_000_000, trusted_origins=frozenset({slack.origin})
    )
    with tempfile.TemporaryFile() as sink, blockbuster_ctx("bot"):
        tracemalloc.start()
        await fetcher.fetch(
            "T1", pdf(slack.serve("/f", answer), 50_000_000), cast("BinaryIO", sink)
        )
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert sink.tell() == 50_000_000
    assert peak < 12_000_000


async def test_limit_is_told_in_megabytes() -> None:
    assert "my limit of 50 MB" in files.FileTooLarge("a{b}.pdf", 50_000_000).plain


@pytest.mark.parametrize(
    "trouble",
    [
        web.Response(status=404),
        web.Response(status=500),
        web.Response(status=503, text="<html>", content_type="text/html"),
        web.Response(status=429, headers={"Retry-After": "7"}),
        ok(PDF[:-5]),
        ok(b""),
    ],
    ids=["404", "500", "503", "429", "cut short", "empty"],
)
async def test_fresh_file_is_tried_again(
    slack: Server, fetcher: FileFetcher, naps: list[float], trouble: web.Response
) -> None:
    url = slack.serve("/f", trouble, trouble, ok())
    assert await fetch(fetcher, "T1", pdf(url)) == PDF
    assert naps == ([7.0, 7.0] if trouble.status == 429 else [1.0, 2.0])


async def test_broken_connection_is_tried_again(
    slack: Server, fetcher: FileFetcher, naps: list[float]
) -> None:
    async def hang_up(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(PDF))})
        await response.prepare(request)
        await response.write(PDF[:5])
        assert request.transport is not None
        request.transport.abort()
        return response

    url = slack.serve("/f", hang_up, ok())
    assert await fetch(fetcher, "T1", pdf(url)) == PDF
    assert naps == [1.0]


async def test_trying_again_ends(slack: Server, fetcher: FileFetcher, naps: list[float]) -> None:
    url = slack.serve("/f", web.Response(status=429, headers={"Retry-After": "86400"}))
    with pytest.raises(files.FileUnreachable) as caught:
        await fetch(fetcher, "T1", pdf(url))
    assert caught.value.retryable
    assert naps == [files.MAX_RETRY_AFTER] * len(files.RETRY_DELAYS)


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (401, files.FileNotShared),
        (403, files.FileNotShared),
        (400, files.FileUnreachable),
        (304, files.FileUnreachable),
    ],
)
async def test_refusal_is_not_tried_again(
    slack: Server, fetcher: FileFetcher, status: int, failure: type[DocumentError]
) -> None:
    url = slack.serve("/f", web.Response(status=status))
    with pytest.raises(failure):
        await fetch(fetcher, "T1", pdf(url))
    assert len(slack.requests) == 1


STUB = {
    "id": "F1", "mode": "file_access", "file_access": "check_file_info", "created": 0, "user": "",
}  # fmt: skip


async def test_stub_is_resolved_by_asking_slack(slack: Server, fetcher: FileFetcher) -> None:
    url = slack.serve("/f", ok())
    slack.describe({"id": "F1", "name": "q3.pdf", "size": len(PDF), "mode": "hosted",
                    "mimetype": "application/pdf", "url_private_download": url})  # fmt: skip
    stub = parse_file(STUB)
    assert await fetcher.resolve("T1", stub) == pdf(url)
    assert await fetch(fetcher, "T1", stub) == PDF
    assert slack.requests[0] == ("/api/files.info?file=F1", "Bearer xoxb-one")


async def test_file_without_url_is_resolved_too(slack: Server, fetcher: FileFetcher) -> None:
    slack.describe({"id": "F1", "name": "a.txt", "url_private": slack.serve("/f", ok(b"hi"))})
    assert await fetch(fetcher, "T1", SharedFile("F1", "")) == b"hi"


@pytest.mark.parametrize(
    ("raw", "failure"),
    [
        ({"id": "F1", "mode": "tombstone"}, files.FileDeleted),
        ({"id": "F1", "mode": "hidden_by_limit"}, files.FileHidden),
        ({"id": "F1", "mode": "external", "url_private": "https://drive.example/x"},
         files.FileElsewhere),
        (STUB, files.FileNotShared),
        ({}, files.FileNotShared),
    ],
)  # fmt: skip
async def test_file_without_bytes_has_its_failure(
    slack: Server, fetcher: FileFetcher, raw: dict[str, Any], failure: type[DocumentError]
) -> None:
    slack.describe(raw)
    with pytest.raises(failure):
        await fetch(fetcher, "T1", parse_file(raw))
    with pytest.raises(failure):
        await fetch(fetcher, "T1", parse_file(STUB))


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("file_not_found", files.FileDeleted),
        ("file_deleted", files.FileDeleted),
        ("not_visible", files.FileNotShared),
        ("access_denied", files.FileNotShared),
        ("slack_connect_canvas_sharing_blocked", files.FileNotShared),
        ("missing_scope", files.FilePermissionMissing),
        ("invalid_auth", files.FileUnreachable),
        ("some_new_error", files.FileUnreachable),
    ],
)
async def test_refusal_of_files_info_is_translated(
    slack: Server, fetcher: FileFetcher, code: str, failure: type[DocumentError]
) -> None:
    slack.refuse(code)
    with pytest.raises(failure):
        await fetch(fetcher, "T1", parse_file(STUB))
    assert len(slack.requests) == 1


async def test_passing_trouble_of_files_info_is_tried_again(
    slack: Server, fetcher: FileFetcher, naps: list[float]
) -> None:
    good = web.json_response({"ok": True, "file": {"id": "F1", "url_private": slack.origin + "/f"}})
    slack.serve("/f", ok())
    slack.serve(
        "/api/files.info",
        web.json_response({"ok": False, "error": "internal_error"}),
        web.json_response(
            {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "9"}
        ),
        web.Response(status=502, text="<html>bad gateway</html>", content_type="text/html"),
        good,
    )
    assert await fetch(fetcher, "T1", parse_file(STUB)) == PDF
    assert naps == [1.0, 9.0, 4.0]


async def test_garbled_answer_of_files_info_is_tried_again(
    slack: Server, fetcher: FileFetcher, naps: list[float]
) -> None:
    slack.serve("/api/files.info", web.Response(text="{not json", content_type="application/json"))
    with pytest.raises(files.FileUnreachable):
        await fetch(fetcher, "T1", parse_file(STUB))
    assert naps == list(files.RETRY_DELAYS)


HOSTED = {
    "id": "F0FILE0001", "name": "q3.pdf", "title": "Q3", "mimetype": "application/pdf",
    "filetype": "pdf", "size": 48213, "mode": "hosted", "is_external": False,
    "file_access": "visible",
    "url_private": "https://files.slack.com/files-pri/T1-F0FILE0001/q3.pdf",
    "url_private_download": "https://files.slack.com/files-pri/T1-F0FILE0001/download/q3.pdf",
}  # fmt: skip
DOWNLOAD = HOSTED["url_private_download"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, SharedFile("F0FILE0001", "q3.pdf", "application/pdf", 48213, str(DOWNLOAD))),
        ({"mode": "snippet", "mimetype": "text/plain"},
         SharedFile("F0FILE0001", "q3.pdf", "text/plain", 48213, str(DOWNLOAD))),
        ({"url_private_download": None},
         SharedFile("F0FILE0001", "q3.pdf", "application/pdf", 48213, str(HOSTED["url_private"]))),
        ({"name": None}, SharedFile("F0FILE0001", "Q3", "application/pdf", 48213, str(DOWNLOAD))),
        ({"name": None, "title": None, "mimetype": None, "size": None},
         SharedFile("F0FILE0001", "", "", 0, str(DOWNLOAD))),
        ({"mode": "post"}, SharedFile("F0FILE0001", "q3.pdf", "text/html", 0, str(DOWNLOAD))),
        ({"mode": "quip", "mimetype": "application/vnd.slack-docs"},
         SharedFile("F0FILE0001", "q3.pdf", "text/html", 0, str(DOWNLOAD))),
    ],
)  # fmt: skip
def test_file_object_is_parsed(changes: dict[str, Any], expected: SharedFile) -> None:
    assert parse_file(HOSTED | changes) == expected


@pytest.mark.parametrize(
    ("raw", "state"),
    [
        (HOSTED, "stored"),
        (HOSTED | {"is_external": True}, "external"),
        (HOSTED | {"mode": "external"}, "external"),
        (HOSTED | {"mode": "tombstone"}, "deleted"),
        (HOSTED | {"mode": "hidden_by_limit"}, "hidden"),
        (HOSTED | {"file_access": "check_file_info"}, "unresolved"),
        (HOSTED | {"file_access": "access_denied"}, "unresolved"),
        (STUB, "unresolved"),
        ({"id": "F1"}, "unresolved"),
        ({}, "unresolved"),
    ],
)
def test_state_is_parsed(raw: dict[str, Any], state: str) -> None:
    assert parse_file(raw).state == state


def test_name_is_one_line_without_what_nobody_sees() -> None:
    raw = {"id": "F1", "name": "a\u202e\n b\x00.pdf" + "c" * 300, "url_private": "https://x"}

    assert parse_file(raw).name == ("a b.pdf" + "c" * 300)[:255]


async def test_file_that_was_deleted_meanwhile_is_noticed(
    slack: Server, fetcher: FileFetcher
) -> None:
    slack.describe({"id": "F1", "mode": "tombstone"})
    with pytest.raises(files.FileDeleted):
        await fetcher.check_kept("T1", pdf("https://x"))
    slack.refuse("file_deleted")
    with pytest.raises(files.FileDeleted):
        await fetcher.check_kept("T1", pdf("https://x"))


@pytest.mark.parametrize("code", ["missing_scope", "internal_error", "access_denied"])
async def test_file_is_taken_to_be_there_when_slack_does_not_say(
    slack: Server, fetcher: FileFetcher, code: str
) -> None:
    slack.refuse(code)
    await fetcher.check_kept("T1", pdf("https://x"))
    assert len(slack.requests) == 1
