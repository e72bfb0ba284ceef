"""The question bank: one module a table, each question with its answer computed beside it.

`dev/` may be looked at while the brain is written; `heldout/` may not. The answers use pandas,
scipy, statsmodels and scikit-learn directly and import nothing of the product.
"""
