"""The bucket is the only state: objects, logs and runs, over S3, a local folder or (for tests) memory.

keys.py      every key, built so that none can leave its prefix
driver.py    what a place for objects must be able to do; folder.py, s3.py, memory.py do it
store.py     a driver made steady: retries, recognising one's own lost writes, counting requests; opening.py opens one
record.py    entries, their bytes and hashes
machine.py   pure: what entries add up to, and the commands
log.py       a chained log in a store; audit.py, the one of administrative actions
runs.py      runs from outside: open, status, list, events, cancel, answer, settle
run.py       a run as the function that works on it sees it; artifacts.py, its files; timer.py, what is due later
verify.py    everything hashed and folded again
retention.py what is deleted by rule or on purpose; transfer.py, export and import; scoped.py, credentials for one run

Nothing here knows plans, tables, functions or backends.
"""
