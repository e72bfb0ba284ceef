"""What a run does, one module or package per capability. Handlers call in here; nothing here knows who called."""
