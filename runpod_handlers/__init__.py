"""RunPod's side: what its workers run. One module for each tier, started by that tier's image (infra/runpod).

worker.py: from a job to `functions.work.work`, the same for all. No business logic here.
"""
