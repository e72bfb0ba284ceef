"""The workers of the tier gpu-small: `python -m runpod_handlers.gpu_small`."""

import runpod

from runpod_handlers.worker import handler, register_checks

if __name__ == "__main__":
    register_checks("gpu-small")
    runpod.serverless.start({"handler": handler})
