"""What holding money costs, beside its targets.

    python -m bench.money        four processes of sixteen callers each take holds on one account, with 100 ms to put and 63 ms to get

The store is moto's server in a process of its own. Each caller holds for one run after the other, as fast as it can.
"""

import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bench.moto import moto
from bench.state_trips import GET_S, PUT_S

PROCESSES, CALLERS, SECONDS = 4, 16, 20.0
CREDIT, AMOUNT = 10**12, 1_000


def main() -> None:
    if len(sys.argv) > 1:
        hold(sys.argv[1], sys.argv[2])
        return
    with moto() as bucket:
        from shared.money.accounts import Accounts
        from shared.state.s3 import S3Driver
        from shared.state.store import Store

        store = Store(S3Driver(bucket))
        Accounts(store).credit("bench", "p1", CREDIT)
        command = [sys.executable, "-m", "bench.money", bucket.endpoint]
        with ThreadPoolExecutor(PROCESSES) as pool:
            said = list(pool.map(lambda n: subprocess.check_output([*command, str(n)], text=True), range(PROCESSES)))
        held = len(Accounts(store).read("bench").holds)
    callers = [[float(took) for took in line.split()] for text in said for line in text.splitlines()[1:]]
    requests = sum(int(text.splitlines()[0]) for text in said)
    took = sorted(one for caller in callers for one in caller)
    assert held == len(took), "every hold that was told of is there"
    print(f"{PROCESSES} processes of {CALLERS} callers on one account for {SECONDS:.0f} s; {requests / SECONDS:.0f} requests a second")
    print(f"  {held / SECONDS:.0f} holds a second   (target: at least 40)")
    p50, p99 = statistics.median(took), took[int(len(took) * 0.99)]
    print(f"  p50 {p50:.2f} s, p99 {p99:.2f} s, longest {took[-1]:.2f} s   (target: p99 at most 3 s)")
    by_process = [sum(map(len, callers[n : n + CALLERS])) for n in range(0, len(callers), CALLERS)]
    print(f"  fewest of a caller {min(map(len, callers))}, most {max(map(len, callers))}; by process {by_process}   (target: nobody starves)")


def hold(endpoint: str, name: str) -> None:
    """One process: a line with its number of requests, then one for each caller, with how long each of its holds took."""
    from bench.moto import NAME
    from bench.watched import watch
    from shared.money import account as commands
    from shared.money.accounts import Accounts
    from shared.settings import Bucket
    from shared.state.s3 import S3Driver

    store, watched = watch(S3Driver(Bucket(NAME, "agentforge", endpoint, "us-east-1")), PUT_S, GET_S)
    accounts = Accounts(store)
    accounts.read("bench")
    took: list[list[float]] = [[] for _ in range(CALLERS)]
    until = time.monotonic() + SECONDS

    def caller(number: int) -> None:
        while (started := time.monotonic()) < until:
            run, at = f"{name}-{number}-{len(took[number])}", store.now().isoformat()
            accounts.apply("bench", partial(commands.hold, run=run, amount=AMOUNT, at=at, id=run))
            took[number].append(time.monotonic() - started)

    threads = [threading.Thread(target=caller, args=(number,)) for number in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(len(watched.calls))
    for one in took:
        print(*(f"{seconds:.3f}" for seconds in one))


if __name__ == "__main__":
    main()
