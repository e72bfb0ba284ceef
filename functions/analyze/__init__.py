"""The main job: a table and a goal in plain words → a plan, its cells, checked findings, charts and a report.

request.py   what is asked for
analysis.py  `analyze`: the way from the files to the report
cells.py     a plan's steps in a sandbox session, one cell each
judge.py     which numbers may be told, what stays unanswered, and the status
files.py     what a run leaves behind
again.py     `replay`: the recorded code on the recorded data
"""

from functions.analyze.again import Replay, replay
from functions.analyze.analysis import analyze
from functions.analyze.request import AnalyzeInput

__all__ = ["AnalyzeInput", "Replay", "analyze", "replay"]
