"""Runs worked on in Modal containers: one deployed function for each tier (modal_app.py), which is given the run's reference."""

from collections.abc import Mapping
from typing import Any

from shared.errors import BackendUnavailable, InvalidSetting
from shared.settings import MODAL_APP
from shared.state.runs import RunRef


def function_name(tier: str) -> str:
    """What the function of a tier is called on Modal."""
    return f"work_{tier.replace('-', '_')}"


class ModalBackend:
    name = "modal"

    def __init__(self, functions: Mapping[str, Any] | None = None) -> None:
        """`functions`: those of an app that runs already, by tier; without them, the deployed ones are looked up."""
        self._functions = dict(functions or {})

    def submit(self, ref: RunRef, tier: str) -> None:
        """Have the run worked on in a container of this tier; a second call for it finds nothing to do.

        BackendUnavailable, also where nobody knows whether Modal took it: the sweep submits again. InvalidSetting.
        """
        try:
            import modal
            from modal import exception as of
        except ImportError:
            raise InvalidSetting("The package modal is not installed here.", "pip install 'agentforge[modal]'") from None
        name = function_name(tier)
        try:
            if tier not in self._functions:
                self._functions[tier] = modal.Function.from_name(MODAL_APP, name)
            self._functions[tier].spawn(str(ref))
        except of.AuthError as error:
            raise InvalidSetting(f"Modal refused us ({error}).", "Set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET.") from error
        except of.NotFoundError as error:
            raise BackendUnavailable(f"Modal has no function {MODAL_APP}.{name}.", "Deploy it: agentforge deploy modal.") from error
        except Exception as error:
            told = f"{type(error).__name__}: {error}"[:300]
            raise BackendUnavailable(f"Modal did not take the run ({told}).", "The sweep submits it again.") from error
