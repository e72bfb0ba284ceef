"""`python -m handlers.cli` is `agentforge`."""

from handlers.cli import main

main()
