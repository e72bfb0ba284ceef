"""Requests per minute, by token buckets of this process: with several web processes the limit is approximate, and says so.

Runs at once are limited exactly, in the store: shared/state/slots.py.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass

from shared.errors import Busy

MOST_CALLERS = 10_000  # whose buckets are kept; the longest silent are forgotten first


@dataclass
class Bucket:
    """Holds up to a minute's requests, and fills evenly."""

    per_minute: int
    left: float
    at: float

    def take(self, now: float) -> bool:
        self.left = min(self.per_minute, self.left + (now - self.at) * self.per_minute / 60)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Rates:
    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, who: str, per_minute: int | None = None) -> dict[str, str]:
        """Count a request: headers that tell how many are left (draft-ietf-httpapi-ratelimit-headers). Busy if none is."""
        now, most = time.monotonic(), min(per_minute or self.per_minute, self.per_minute)
        bucket = self._buckets.get(who)
        if bucket is None or bucket.per_minute != most:
            bucket = self._buckets[who] = Bucket(most, most, now)
            if len(self._buckets) > MOST_CALLERS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(who)
        if not bucket.take(now):
            wait = (1 - bucket.left) * 60 / most
            raise Busy(f"More than {most} requests in a minute.", "Wait a moment, or ask less often.", wait)
        return {
            "RateLimit-Policy": f'"requests";q={most};w=60',
            "RateLimit": f'"requests";r={int(bucket.left)};t={int((most - bucket.left) * 60 / most) + 1}',
        }
