"""The forge: phases that make a small specialist model, and what they share. Pure PyTorch and transformers.

contract.py     what a phase is: Context, CheckpointRef, Config, Budget, Gate, PhaseResult; how a result gets its key
checkpoint.py   checkpoints as folders
models.py       the presets and the special tokens
data/           what models learn from: analyst corpus, synthetic reasoning, text; tokenizer; packed loader
training/       the loop that every phase trains with: Muon and AdamW, schedule, resume
evaluation.py   evaluation packs: bits per byte, reasoning, plans
cognate.py      1. a base model and three siblings of it
evomerge.py     2. merging, and its evolution (merging/: the operators and the YAML)
quiet_star/     3. thoughts at every position
bitnet/         4. ternary weights, their archive and packed inference

Nothing here knows of stores, runs or money: functions/forge.py gives a phase its folders, and keeps what it returns.
"""
