"""RunPod: a serverless endpoint for each tier, whose workers (runpod_handlers/) are told of a run as a job.

A job holds a reference only. Its result is read by nobody: the bucket is the truth.
"""

from shared import settings
from shared.errors import BackendUnavailable, InvalidSetting
from shared.state.runs import RunRef

# Milliseconds. RunPod stops a job after ten minutes and drops it after a day unless told otherwise; a function's own limit
# is shorter, and its worker keeps it.
POLICY = {"executionTimeout": 86_400_000, "ttl": 604_800_000}


class RunPodBackend:
    name = "runpod"

    def submit(self, ref: RunRef, tier: str) -> None:
        """Put a job into the queue of the tier's endpoint. After BackendUnavailable it may be there or not."""
        key, endpoint = settings.runpod_api_key(), settings.runpod_endpoint(tier)
        try:
            import runpod  # takes seconds: not before the first run is submitted
            from requests import HTTPError, RequestException
        except ImportError as error:
            raise InvalidSetting("AGENTFORGE_BACKEND is runpod, and its library is missing.", "Install agentforge[runpod].") from error
        try:
            runpod.Endpoint(endpoint, api_key=key).run({"input": {"run": str(ref)}, "policy": POLICY})
        except HTTPError as error:
            raise _refused(error.response.status_code if error.response is not None else 0, endpoint, tier) from error
        except RuntimeError as error:  # how the library tells of 401
            raise _refused(401, endpoint, tier) from error
        except (RequestException, KeyError, TypeError, ValueError) as error:  # the last three: an answer that makes no sense
            raise BackendUnavailable(f"RunPod does not answer ({type(error).__name__}).", "The sweep submits the run again.") from error


def _refused(status: int, endpoint: str, tier: str) -> BackendUnavailable | InvalidSetting:
    match status:
        case 401 | 403:
            return InvalidSetting("RunPod refuses the key in RUNPOD_API_KEY.", "Set it to one that may write to the endpoint.")
        case 404:
            name = settings.runpod_endpoint_setting(tier)
            return InvalidSetting(f"RunPod knows no endpoint {endpoint!r}.", f"Set {name} to the id that its console shows.")
        case 429:
            return BackendUnavailable(f"RunPod's queue of the endpoint {endpoint!r} is full.", "The sweep submits the run again.")
    return BackendUnavailable(f"RunPod answers with status {status}.", "The sweep submits the run again.")
