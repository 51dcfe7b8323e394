"""The outside line as a webhook: a signed JSON POST."""

import hashlib
import hmac
import json

import httpx

from core.errors import InvalidInput, TimedOut, Unavailable
from core.tasks import within
from incidents.alarm import HelpAlarm
from incidents.bodies import alarm_body

SIGNATURE = "X-Roundsman-Signature"


class WebhookLine:
    """Tells a URL about unanswered alarms. A receiver may get a call twice: its Idempotency-Key says which it is.

    With a *secret* the header X-Roundsman-Signature holds "sha256=" and the body's HMAC-SHA256 in hexadecimal.
    """

    is_configured = True

    def __init__(self, *, url: str, client: httpx.AsyncClient, secret: str = "", timeout_s: float = 5.0) -> None:
        self._url = _checked(url)
        self._client = client
        self._secret = secret
        self._timeout_s = timeout_s

    async def tell(self, alarm: HelpAlarm) -> str:
        """POST the alarm; raises TimedOut, or Unavailable when the answer is not a success."""
        content = json.dumps({"type": "alarm", "alarm": alarm_body(alarm)}, ensure_ascii=False).encode()
        try:
            status = await within(self._timeout_s, self._post(alarm, content))
        except (httpx.TimeoutException, TimeoutError) as error:
            raise TimedOut(f"no answer within {self._timeout_s:g} s", where=alarm.number) from error
        except httpx.HTTPError as error:
            raise Unavailable(f"no connection: {error}", where=alarm.number) from error
        if not httpx.codes.is_success(status):
            raise Unavailable(f"the webhook answered {status}", where=alarm.number)
        return f"the outside webhook took it ({status})"

    async def _post(self, alarm: HelpAlarm, content: bytes) -> int:
        """Return the status of the answer: what else it holds is not waited for, it may never end."""
        headers = self._headers(alarm, content)
        async with self._client.stream("POST", self._url, content=content, headers=headers, timeout=None) as answer:
            return answer.status_code

    def _headers(self, alarm: HelpAlarm, content: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Idempotency-Key": _call(alarm)}
        if self._secret:
            digest = hmac.new(self._secret.encode(), content, hashlib.sha256).hexdigest()
            headers[SIGNATURE] = f"sha256={digest}"
        return headers


def _call(alarm: HelpAlarm) -> str:
    """Return which call it is: an alarm that was answered once and calls again is another one."""
    again = "" if alarm.answered_at is None else f"-{alarm.answered_at:%Y%m%dT%H%M%S%f}"
    return f"{alarm.id}-{alarm.escalation}{again}"


def _checked(url: str) -> httpx.URL:
    """Return the address; raises InvalidInput now, and not when somebody calls for help."""
    try:
        checked = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InvalidInput(f"is no address: {error}", where="alarm_webhook") from error
    if checked.scheme not in {"http", "https"} or not checked.host:
        raise InvalidInput("is no address of the web", where="alarm_webhook", remedy="give https://host/path")
    return checked
