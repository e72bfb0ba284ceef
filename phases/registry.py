"""The phases by name, in their order. Their settings are read without torch; their code is imported when it is run."""

from importlib import import_module
from typing import cast

from phases.configs import BitNetConfig, CognateConfig, EvoMergeConfig, QuietStarConfig
from phases.contract import Config, Phase
from shared.errors import BadInput

CONFIGS: dict[str, type[Config]] = {
    "cognate": CognateConfig,
    "evomerge": EvoMergeConfig,
    "quiet_star": QuietStarConfig,
    "bitnet": BitNetConfig,
}
LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors", "cma")


def find(name: str) -> Phase:
    """BadInput says which there are, or what to install."""
    if name not in CONFIGS:
        raise BadInput(f"There is no phase {name!r}.", f"There are: {', '.join(CONFIGS)}.")
    try:
        return cast(Phase, import_module(f"phases.{name}").PHASE)
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] in LIBRARIES:
            raise BadInput(f"The forge needs {error.name}, which is not installed here.", "Install agentforge[forge], or choose a GPU tier.") from None
        raise
