"""Where RunPod's Hub looks for a handler; the worker is runpod_handlers/cpu.py, which the Dockerfile starts."""

import runpy

runpy.run_module("runpod_handlers.cpu", run_name="__main__")
