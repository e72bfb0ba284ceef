"""Merging models that share an ancestor, in memory.

operators.py   tensors of one name → one tensor: linear, slerp, task_arithmetic, ties, dare, della, breadcrumbs, sce, model_stock, passthrough
recipe.py      the YAML that mergekit reads, applied to state dicts
models.py      recipes applied to models
evolution.py   which method and which parameters: CMA-ES and its control, random search

Covered: models of one architecture, size and tokenizer. Not covered: joining vocabularies, LoRA adapters, models larger than memory.
Nothing here reads or scores models: phases/evomerge.py does.
"""
