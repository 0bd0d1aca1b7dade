"""Signed HTTP delivery: the Events API, interactivity and commands sent to a request URL."""

import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.demo.deliveries import Ack, Envelope, Undelivered


def sign(signing_secret: str, timestamp: str, body: str) -> str:
    """Return the `X-Slack-Signature` of a body (Slack docs, Verifying requests from Slack)."""
    base = f"v0:{timestamp}:{body}".encode()
    return "v0=" + hmac.new(signing_secret.encode(), base, hashlib.sha256).hexdigest()


class Webhooks:
    """Posts to the app's request URL.

    Args:
        url: Where the app listens.
        signing_secret: What the bodies are signed with.
        ack_timeout: Seconds an answer may take; Slack gives 3.
    """

    def __init__(self, url: str, signing_secret: str, *, ack_timeout: float) -> None:
        self._url = url
        self._signing_secret = signing_secret
        self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ack_timeout))

    async def verify_url(self) -> None:
        """Do the handshake a request URL must pass before it gets events.

        Raises:
            Undelivered: The challenge did not come back.
        """
        challenge = {"type": "url_verification", "challenge": "c-local", "token": "legacy"}
        answer = await self._send(json.dumps(challenge), "application/json", {})
        if (answer.payload or {}).get("challenge") != "c-local":
            raise Undelivered("http_error", again=False)

    async def carry(self, envelope: Envelope) -> Ack:
        headers = {}
        if envelope.retry_attempt:
            headers["X-Slack-Retry-Num"] = str(envelope.retry_attempt)
            headers["X-Slack-Retry-Reason"] = envelope.retry_reason
        if envelope.type == "events_api":
            return await self._send(json.dumps(envelope.payload), "application/json", headers)
        form = (
            {"payload": json.dumps(envelope.payload)}
            if envelope.type == "interactive"
            else envelope.payload
        )
        return await self._send(urlencode(form), "application/x-www-form-urlencoded", headers)

    async def close(self) -> None:
        await self._client.close()

    async def _send(self, body: str, media_type: str, headers: dict[str, str]) -> Ack:
        timestamp = str(int(time.time()))
        headers |= {
            "Content-Type": media_type,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._signing_secret, timestamp, body),
        }
        try:
            async with self._client.post(self._url, data=body, headers=headers) as response:
                if response.ok:
                    return Ack(await _read_answer(response))
                final = response.headers.get("X-Slack-No-Retry") == "1"
                raise Undelivered("http_error", again=not final)
        except TimeoutError:
            raise Undelivered("http_timeout") from None
        except aiohttp.ClientError:
            raise Undelivered("connection_failed") from None


async def _read_answer(response: aiohttp.ClientResponse) -> Any:
    """Return what the app answered: JSON, or plain text as a message's text."""
    if response.content_type == "application/json":
        return await response.json()
    text = await response.text()
    return {"text": text} if text else None
