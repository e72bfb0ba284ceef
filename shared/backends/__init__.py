"""Where runs are worked on. A backend is told of a run and sees to it that some worker calls `functions.work.work` on it.

Telling it twice is telling it once: workers claim runs in the store, and the second finds nothing to do. A backend that could
not be told, or whose answer was lost, is told again by the sweep.
"""

from typing import Protocol

from shared import settings
from shared.state.runs import RunRef


class Backend(Protocol):
    name: str

    def submit(self, ref: RunRef, tier: str) -> None:
        """Have the run worked on in a container of this tier. BackendUnavailable, InvalidSetting."""


class Here:
    """No other process: whoever opened the run works on it itself, or sweep and workers find it in the store."""

    name = "here"

    def submit(self, ref: RunRef, tier: str) -> None:
        pass


def chosen_backend() -> Backend:
    """The one that AGENTFORGE_BACKEND names."""
    match settings.backend():
        case "modal":
            from shared.backends.modal import ModalBackend

            return ModalBackend()
        case "runpod":
            from shared.backends.runpod import RunPodBackend

            return RunPodBackend()
    from shared.backends.local import LocalBackend

    return LocalBackend()
