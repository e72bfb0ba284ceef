"""What happens when processes die, answers are lost, clocks are wrong and objects are not ours.

functions.py        small functions that tell exactly what they did (AGENTFORGE_FUNCTIONS=tests.faults.functions)
story.py            one run from opening to settling under planned faults, and what must be true in the end
test_faults.py      every single fault at every storage operation, and pairs of them
schedule.py         actors of which a seed lets one at a time run; test_schedules.py, many such schedules
test_kills.py       worker processes that are killed
test_surroundings.py  stores that vanish, storms, clocks, foreign objects

`make soak` runs them whole (SOAK=1). A failure names its seed: SEED=<n> repeats it.
"""

import os

SOAK = os.environ.get("SOAK") == "1"
SEED = int(os.environ.get("SEED", "0"))
