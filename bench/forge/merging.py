"""Our merges against mergekit 0.1.5's: equality, distribution of the random ones, and time per candidate, on 25 M models.

    MERGEKIT=/path/to/bin/mergekit-yaml .venv/bin/python -m bench.forge.merging          all three tables
    MERGEKIT=… .venv/bin/python -m bench.forge.merging --golden                          writes tests/forge/merging_golden.*

mergekit is needed here only; install it into an environment of its own (`pip install mergekit==0.1.5`). It is run as a program, offline. Models:
cognate-25m with fresh weights as the base, and three that differ from it by noise (std 0.002). mergekit's time is of one `mergekit-yaml`,
which is what trying a candidate takes with it; `in memory`, of its Python function merge_state_dicts on loaded models, called again and
again; ours, of a first merge and of the following candidates, whose task vectors, ranks and draws are there already. All run on one thread,
and seconds are of the processor, so that a machine that others use too does not blur them.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import load_file, save_file

from phases.merging import recipe as recipes
from phases.models import new_model

ALONE = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
GOLDEN = Path(__file__).parents[2] / "tests/forge/merging_golden"
NAMES = ["base", "a", "b", "c"]

IN_MEMORY = """
import json, sys, time, torch
from safetensors.torch import load_file
from mergekit.merge_methods import merge_state_dicts
method, base, names, parameters = json.loads(sys.argv[1])
models = {name: load_file(name + "/model.safetensors") for name in names}
seconds = []
for _ in range(3):
    start = time.process_time()
    with torch.no_grad():
        merge_state_dicts(models, method, parameters=parameters, base=base)
    seconds.append(time.process_time() - start)
print(json.dumps(seconds))
"""


def plain(method: str, parameters: Mapping[str, Any], each: Mapping[str, Any], models: list[str], base: bool = True) -> dict[str, Any]:
    """A recipe over whole models; `each`: parameters of every model."""
    told: dict[str, Any] = {"merge_method": method, "dtype": "float32", "parameters": dict(parameters)}
    if base:
        told["base_model"] = "base"
    return told | {"models": [{"model": name, "parameters": dict(each)} for name in models]}


ALL = ["a", "b", "c"]
DETERMINISTIC: dict[str, dict[str, Any]] = {
    "linear": plain("linear", {}, {"weight": [0.2, 0.7]}, ALL, base=False),
    "slerp": plain("slerp", {"t": [{"filter": "mlp", "value": 0.3}, {"value": [0.1, 0.9]}]}, {}, ["a"]),
    "task_arithmetic": plain("task_arithmetic", {"lambda": 0.9}, {"weight": 0.4}, ALL),
    "ties": plain("ties", {"lambda": 1.1}, {"weight": [0.3, 0.6], "density": 0.4}, ALL),
    "breadcrumbs": plain("breadcrumbs", {}, {"weight": 0.5, "density": 0.6, "gamma": 0.02}, ALL),
    "breadcrumbs_ties": plain("breadcrumbs_ties", {}, {"weight": 0.5, "density": 0.6, "gamma": 0.02}, ALL),
    "sce": plain("sce", {"select_topk": 0.3}, {}, ALL),
    "model_stock": plain("model_stock", {}, {}, ALL),
    "passthrough": {
        "merge_method": "passthrough", "dtype": "float32",
        "slices": [
            {"sources": [{"model": "a", "layer_range": [0, 2]}]},
            {"sources": [{"model": "b", "layer_range": [1, 2], "parameters": {"scale": [{"filter": "down_proj", "value": 0.5}, {"value": 1.0}]}}]},
        ],
    },
}  # fmt: skip
RANDOM: dict[str, dict[str, Any]] = {
    "dare_linear": plain("dare_linear", {}, {"weight": 0.4, "density": 0.3}, ALL),
    "dare_ties": plain("dare_ties", {}, {"weight": 0.4, "density": 0.3}, ALL),
    "della": plain("della", {}, {"weight": 0.4, "density": 0.5, "epsilon": 0.2}, ALL),
    "della_linear": plain("della_linear", {}, {"weight": 0.4, "density": 0.5, "epsilon": 0.2}, ALL),
}


def make_models(folder: Path, base: torch.nn.Module, noise: float) -> dict[str, dict[str, torch.Tensor]]:
    """Writes base, a, b and c below `folder`; their weights."""
    pool = {}
    for i, name in enumerate(NAMES):
        generator = torch.Generator().manual_seed(i)
        kept = {key: p.detach().clone() for key, p in base.named_parameters()}
        if i:
            pool[name] = {key: p + noise * torch.randn(p.shape, generator=generator) for key, p in kept.items()}
        else:
            pool[name] = kept
        base.config.architectures = [type(base).__name__]  # type: ignore[union-attr]
        base.config.save_pretrained(folder / name)  # type: ignore[union-attr, operator]
        save_file(pool[name], folder / name / "model.safetensors", {"format": "pt"})
    return pool


def run_mergekit(mergekit: str, folder: Path, told: Mapping[str, Any], seed: int | None = None) -> tuple[dict[str, torch.Tensor], float]:
    """The merged weights, and the seconds that the program took."""
    with tempfile.TemporaryDirectory(dir=folder) as out:
        recipe = Path(out) / "recipe.yml"
        recipe.write_text(yaml.safe_dump(dict(told)))
        more = [] if seed is None else ["--random-seed", str(seed)]
        command = [mergekit, str(recipe), f"{out}/merged", "--no-copy-tokenizer", "--no-write-model-card", "--quiet", *more]
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, cwd=folder, env=os.environ | ALONE, capture_output=True, text=True)
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        merged: dict[str, torch.Tensor] = {}
        for file in sorted(Path(out, "merged").glob("*.safetensors")):
            merged |= load_file(file)
        return merged, seconds


def in_memory(mergekit: str, folder: Path, told: Mapping[str, Any]) -> float | None:
    """Seconds of mergekit's own function on loaded models, the median of three; None for what it would take several calls for."""
    parameters = dict(told["parameters"]) if "parameters" in told else {}
    for model in told.get("models", []):
        parameters |= model["parameters"]
    if "slices" in told or any(isinstance(value, list) for value in parameters.values()):
        parameters = {key: 0.5 for key in parameters}
    names = (["base"] if "base_model" in told else []) + [model["model"] for model in told.get("models", [])]
    asked = json.dumps([told["merge_method"], told.get("base_model"), names, parameters])
    command = [str(Path(mergekit).parent / "python"), "-c", IN_MEMORY, asked]
    done = subprocess.run(command, cwd=folder, env=os.environ | ALONE, capture_output=True, text=True)
    return statistics.median(json.loads(done.stdout.splitlines()[-1])) if done.returncode == 0 else None


def timed(recipe: recipes.Recipe, pool: Mapping[str, recipes.Weights], repeat: int) -> tuple[dict[str, torch.Tensor], float, list[float]]:
    """The merged weights; seconds of the first merge, and of those after it."""
    prepared: recipes.Prepared = {}
    seconds = []
    with torch.no_grad():
        for _ in range(repeat + 1):
            start = time.process_time()
            merged = recipes.merge(recipe, pool, prepared=prepared)
            seconds.append(time.process_time() - start)
    return merged, seconds[0], seconds[1:]


def equality(mergekit: str, folder: Path, pool: Mapping[str, recipes.Weights], repeat: int, methods: list[str]) -> None:
    titles = ["max |difference|", "bit-equal", "mergekit", "in memory", "our first", "candidate", "faster", "than in memory"]
    print(f"{'method':18}" + "".join(f"{title:>{max(11, len(title) + 2)}}" for title in titles))
    for name in methods:
        told = (DETERMINISTIC | RANDOM)[name]
        recipe = recipes.read(yaml.safe_dump(told))
        theirs, ours, firsts = [], [], []
        for _ in range(repeat):  # interleaved, as the machine is shared
            wanted, seconds = run_mergekit(mergekit, folder, told)
            merged, first, rest = timed(recipe, pool, 3)
            theirs.append(seconds)
            firsts.append(first)
            ours += rest
        peer = in_memory(mergekit, folder, told) or float("nan")
        assert set(merged) == set(wanted)
        worst = max(float((merged[key] - wanted[key]).abs().max()) for key in wanted)
        equal = sum(torch.equal(merged[key], wanted[key]) for key in wanted)
        slow, fast = statistics.median(theirs), statistics.median(ours)
        shown = ["random", ""] if name in RANDOM else [f"{worst:.1e}", f"{equal}/{len(wanted)}"]
        shown += [f"{seconds:.2f} s" for seconds in (slow, peer, statistics.median(firsts), fast)] + [f"{slow / fast:.0f}x", f"{peer / fast:.1f}x"]
        print(f"{name:18}" + "".join(f"{cell:>{max(11, len(title) + 2)}}" for cell, title in zip(shown, titles, strict=True)), flush=True)


def distribution(mergekit: str, folder: Path, pool: Mapping[str, recipes.Weights], seeds: int, methods: list[str]) -> None:
    """Of the merged task vector's elements: how many are 0 (dropped in all models), mean, standard deviation, fourth moment; ± over seeds."""
    print(f"\n{'method':14}{'':10}{'share of zeros':>24}{'mean / 1e-6':>24}{'std / 1e-3':>24}{'kurtosis':>24}")
    for name in methods:
        told = RANDOM[name]
        recipe = recipes.read(yaml.safe_dump(told))
        for who in ("mergekit", "ours"):
            found = []
            for seed in range(seeds):
                merged = run_mergekit(mergekit, folder, told, seed)[0] if who == "mergekit" else recipes.merge(recipe, pool, seed)
                delta = torch.cat([(merged[key] - pool["base"][key]).double().flatten() for key in pool["base"]])
                std = delta.std()
                found.append([(delta == 0).double().mean(), delta.mean() * 1e6, std * 1e3, (delta / std).pow(4).mean()])
            columns = torch.tensor(found)
            shown = "".join(f"{f'{mean:.5f} ± {std:.5f}':>24}" for mean, std in zip(columns.mean(0).tolist(), columns.std(0).tolist(), strict=True))
            print(f"{name:14}{who:10}{shown}", flush=True)


def golden(mergekit: str, folder: Path) -> None:
    """Tiny models and what mergekit makes of them: flat vectors in the order of `names`, and the recipes."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    told = LlamaConfig(vocab_size=12, hidden_size=8, intermediate_size=8, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
                       tie_word_embeddings=True, pad_token_id=0, bos_token_id=1, eos_token_id=2)  # fmt: skip
    pool = make_models(folder, LlamaForCausalLM(told), 0.004)
    more = {
        "ties filtered": plain("ties", {"normalize": False}, {"weight": [{"filter": "self_attn", "value": [0.2, 0.8]}, {"value": 0.5}], "density": [1.0, 0.3]}, ALL),
        "ties rescaled": plain("ties", {"rescale": True}, {"weight": 0.5, "density": 0.5}, ALL),
        "linear unnormalised": plain("linear", {"normalize": False}, {"weight": 0.3}, ALL, base=False),
        "model_stock filter_wise": plain("model_stock", {"filter_wise": True}, {}, ALL),
    }
    tensors = {name: torch.cat([weights[key].flatten() for key in pool["base"]]) for name, weights in pool.items()}
    found: dict[str, Any] = {"shapes": {key: list(value.shape) for key, value in pool["base"].items()}, "recipes": {}}
    for name, recipe in (DETERMINISTIC | more).items():
        merged, *_ = run_mergekit(mergekit, folder, recipe)
        tensors[f"merged {name}"] = torch.cat([merged[key].flatten() for key in sorted(merged)])
        found["recipes"][name] = {"recipe": yaml.safe_dump(recipe), "names": sorted(merged)}
    save_file(tensors, GOLDEN.with_suffix(".safetensors"))
    GOLDEN.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mergekit", default=os.environ.get("MERGEKIT"), help="the program mergekit-yaml")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--methods", nargs="+", default=[*DETERMINISTIC, *RANDOM], choices=[*DETERMINISTIC, *RANDOM])
    parser.add_argument("--golden", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    if not asked.mergekit:
        raise SystemExit("Say where mergekit-yaml is: --mergekit or MERGEKIT.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if asked.golden:
            return golden(asked.mergekit, folder)
        pool = make_models(folder, new_model("cognate-25m", 0), 0.002)
        equality(asked.mergekit, folder, pool, asked.repeat, asked.methods)
        distribution(asked.mergekit, folder, pool, asked.seeds, [name for name in asked.methods if name in RANDOM])


if __name__ == "__main__":
    main()
