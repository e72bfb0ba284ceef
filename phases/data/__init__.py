"""What models learn from, and are measured on: nothing is downloaded, all of it is made here or brought along.

text.py       documents: Python's own sources and topics, or the user's files; which split a document is in
tokenizer.py  byte-level BPE, trained here
reasoning.py  questions that take steps: modular chains, pointers, arithmetic; recall for memory
analyst.py    (schema, question, plan) triples; schemas.py invents the tables, intents/ the questions with their plans
plan_text.py  a Plan as a few short lines, and back
packing.py    mixtures of these in rows of one length, a function of (seed, step)
packs.py      what evaluation measures on: fixed, and never trained on

Every text, question and schema is in one of four splits: train, search (to choose by), gate (to decide by), report (to tell).
"""
