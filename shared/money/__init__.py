"""What a run may cost, and what it did. All amounts are whole micro-dollars (1,000,000 are a dollar); there are no floats.

    prices.py     dated rates of what a run uses, with our margin
    quotes.py     before a run: what it is expected to cost, and what it cannot exceed
    charges.py    after it: what it did cost, a pure function of its log and its hold
    account.py    one object per workspace: balance, holds, what is still to be written to the ledger; pure commands
    accounts.py   the account in the store: compare-and-swap, many commands at once; the ledger
    stripe.py     what we ask of Stripe, where that is configured; payments.py: what its webhooks say → the ledger

A hold is taken before a run can be claimed, a charge never exceeds its hold, and both change the account in one swap: that is
the commit. What was committed and not yet written to the ledger is in the account itself, so whoever comes next writes it.
"""
