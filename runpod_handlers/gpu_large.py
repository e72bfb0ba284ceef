"""The workers of the tier gpu-large: `python -m runpod_handlers.gpu_large`."""

import runpod

from runpod_handlers.worker import handler, register_checks

if __name__ == "__main__":
    register_checks("gpu-large")
    runpod.serverless.start({"handler": handler})
