"""Conditions as data: what they are about, negated, joined."""

from shared.analysis.plan import All, ColumnValue, Compare, Condition, Not, RefValue


def negate(condition: Condition) -> Condition:
    if isinstance(condition, Compare) and condition.op == "==":
        return condition.model_copy(update={"op": "!="})
    if isinstance(condition, Compare) and condition.op == "in":
        return condition.model_copy(update={"op": "not in"})
    return Not(no=condition)


def conjunction(conditions: list[Condition]) -> Condition | None:
    """All of them, flat and without repeats; None for none."""
    flat: list[Condition] = []
    for condition in conditions:
        for part in condition.all if isinstance(condition, All) else [condition]:
            if part not in flat:
                flat.append(part)
    if not flat:
        return None
    return flat[0] if len(flat) == 1 else All(all=flat)


def columns_of(condition: Condition) -> list[str]:
    if isinstance(condition, Compare):
        other = [condition.value.column] if isinstance(condition.value, ColumnValue) else []
        return [condition.column, *other]
    if isinstance(condition, Not):
        return columns_of(condition.no)
    return [c for part in (condition.all if isinstance(condition, All) else condition.any) for c in columns_of(part)]


def refs_of(condition: Condition) -> list[str]:
    if isinstance(condition, Compare):
        return [condition.value.ref] if isinstance(condition.value, RefValue) else []
    if isinstance(condition, Not):
        return refs_of(condition.no)
    return [r for part in (condition.all if isinstance(condition, All) else condition.any) for r in refs_of(part)]
