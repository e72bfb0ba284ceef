"""The HTTP API as callers meet it: over a real store, with runs that this process works on."""
