"""Programs against the sandbox, and programs that mean no harm.

corpus/   what tries to get out, in families; judged by canaries, with the linter off: the kernel must hold
honest/   what analysts write; the linter must let it pass
"""
