"""From a table and a plan to checked numbers: snapshot, profile, plan, code generation, verification, report.

Nothing here calls a model, opens a socket or decides what a question means (that is `shared/brains`), and nothing
here executes generated code (that is `shared/sandbox`).
"""
