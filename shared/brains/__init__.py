"""What turns a goal in words into a Plan: one package per brain, each with a `make_plan`. A brain never computes a number."""
