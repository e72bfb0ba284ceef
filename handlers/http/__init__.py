"""Calls over HTTPS → runs. Thin: find out who calls, check what is asked, open or read, answer.

    platform.py      what every route has at hand: the store, the backend, the feed, limits
    callers.py       which key, session or token a request carries; `allowed("runs:write")` is what routes depend on
    problems.py      every error as an RFC 9457 problem document; which ones a route may answer with
    feed.py          entries of runs as they are written: one reader for each run, however many watch
    limits.py        requests per minute, the size of bodies, runs at once
    manners.py       request ids, idempotency keys, `Prefer`, cursors
    models.py        what is answered
    routes/          one module for each resource; each has a `router`

`web/app.py` puts them together.
"""
