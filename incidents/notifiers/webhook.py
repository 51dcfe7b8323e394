"""The outside line as a webhook: a signed JSON POST."""

import hashlib
import hmac
import json

import httpx

from core.errors import TimedOut, Unavailable
from incidents.alarm import HelpAlarm
from incidents.bodies import alarm_body

SIGNATURE = "X-Roundsman-Signature"


class WebhookLine:
    """Tells a URL about unanswered alarms. A receiver may get one twice: the alarm's id says which it is.

    With a *secret* the header X-Roundsman-Signature holds "sha256=" and the body's HMAC-SHA256 in hexadecimal.
    """

    is_configured = True

    def __init__(self, *, url: str, client: httpx.AsyncClient, secret: str = "", timeout_s: float = 5.0) -> None:
        self._url = url
        self._client = client
        self._secret = secret
        self._timeout_s = timeout_s

    async def tell(self, alarm: HelpAlarm) -> str:
        """POST the alarm; raises TimedOut, or Unavailable when the answer is not a success."""
        content = json.dumps({"type": "alarm", "alarm": alarm_body(alarm)}, ensure_ascii=False).encode()
        try:
            answer = await self._client.post(
                self._url, content=content, headers=self._headers(alarm, content), timeout=self._timeout_s
            )
        except httpx.TimeoutException as error:
            raise TimedOut(f"no answer within {self._timeout_s:g} s", where=alarm.number) from error
        except httpx.HTTPError as error:
            raise Unavailable(f"no connection: {error}", where=alarm.number) from error
        if not answer.is_success:
            raise Unavailable(f"the webhook answered {answer.status_code}", where=alarm.number)
        return f"the outside webhook took it ({answer.status_code})"

    def _headers(self, alarm: HelpAlarm, content: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"{alarm.id}-{alarm.escalation}"}
        if self._secret:
            digest = hmac.new(self._secret.encode(), content, hashlib.sha256).hexdigest()
            headers[SIGNATURE] = f"sha256={digest}"
        return headers
