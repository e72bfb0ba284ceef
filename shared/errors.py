"""Every error a user can meet, with a stable code, an HTTP status and what to do next.

    AgentForgeError
    ├── BadInput            422  the caller can mend it
    │   ├── UnreadableTable      the file is not a table we can read
    │   ├── UnknownColumn        a plan names a column the table lacks
    │   ├── InvalidPlan          a plan that does not type-check against the data
    │   └── InvalidSetting       an environment setting with a value we cannot use
    ├── NotFound            404  no such run, file or artifact
    ├── Conflict            409  what is asked for does not fit what is there
    ├── LimitExceeded       422  a cell passed its time, memory or output limit
    ├── SandboxUnavailable  503  no confinement can be built here, so nothing was run
    ├── BackendUnavailable  503  the cloud that should work on a run does not answer, or refuses
    ├── RecordDamaged       409  a run's log does not hash to what it says
    └── Busy                429  too much at once; worth trying again in a while

Those of runs (RunOver, RunBusy, ClaimLost, KeyReused, Cancelled, StoreUnavailable) stand where they are raised, in shared/state.
"""


class AgentForgeError(Exception):
    """`message` says what is wrong, `hint` what to do about it."""

    code = "internal"
    status = 500
    retryable = False  # whether trying again, with nothing changed, may help

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class BadInput(AgentForgeError):
    """The caller can mend it."""

    code = "bad_input"
    status = 422


class UnreadableTable(BadInput):
    """The file is not a table that can be read."""

    code = "unreadable_table"


class UnknownColumn(BadInput):
    """A plan names a column that the table lacks."""

    code = "unknown_column"


class InvalidPlan(BadInput):
    """A plan that does not fit the data."""

    code = "invalid_plan"


class InvalidSetting(BadInput):
    """A setting of the server has a value that it cannot use."""

    code = "invalid_setting"


class NotFound(AgentForgeError):
    """There is nothing of this id in your workspace."""

    code = "not_found"
    status = 404


class Conflict(AgentForgeError):
    """What is asked for does not fit what is there."""

    code = "conflict"
    status = 409


class LimitExceeded(AgentForgeError):
    """A cell or a run passed its time, memory or output limit."""

    code = "limit_exceeded"
    status = 422


class SandboxUnavailable(AgentForgeError):
    """No confinement can be built, so nothing was run."""

    code = "sandbox_unavailable"
    status = 503


class BackendUnavailable(AgentForgeError):
    """The cloud that should work on the run does not answer, or refuses."""

    code = "backend_unavailable"
    status = 503
    retryable = True


class RecordDamaged(AgentForgeError):
    """A record was changed by hand."""

    code = "record_damaged"
    status = 409


class Busy(AgentForgeError):
    """Too much at once; `retry_after_s` says when it is worth trying again."""

    code = "rate_limited"
    status = 429
    retryable = True

    def __init__(self, message: str, hint: str = "", retry_after_s: float = 1) -> None:
        super().__init__(message, hint)
        self.retry_after_s = retry_after_s
