"""The workers of the tier cpu: `python -m runpod_handlers.cpu`."""

import runpod

from runpod_handlers.worker import handler, register_checks

if __name__ == "__main__":
    register_checks("cpu")
    runpod.serverless.start({"handler": handler})
