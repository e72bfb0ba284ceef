"""What a run leaves behind: an immutable, hash-chained log and its artifacts.

`record.py` is pure: entries, their one way of being written, and the fold of entries into a state. `runs.py` drives
it over a local folder. Nothing here knows plans, tables or sandboxes.
"""
