"""One module for each resource. A module's `router` is mounted under /v1; what it needs is imported where it is used, if heavy."""
