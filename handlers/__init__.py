"""Turns a call from outside into a run, and a run into an answer. No analysis happens here."""
