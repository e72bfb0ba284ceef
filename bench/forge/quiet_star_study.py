"""Do thoughts help more than filler tokens that cost as much? Five seeds; written down before they were run.

    python -m bench.forge.quiet_star_study FOLDER            all of it; what is done is kept in FOLDER and not done again
    python -m bench.forge.quiet_star_study FOLDER --tell     the analysis of what is there
    python -m bench.forge.quiet_star_study FOLDER --pilot    one arm each with a seed and a pack of its own, to choose rates by

The model: a Llama of HIDDEN × LAYERS over bytes, far smaller than cognate-1m, for the cost. The base is trained once per study, from
scratch, on the reasoning source (chains, pointers, arithmetic; difficulties 1 to 3). Two studies differ in it alone:

    shown    in the examples of BASE, and half of those of ON, the work stands between the answer's mark and the answer, in thought tokens
             (WORK characters), as text that a language model has read may show how one thinks; the token that begins a thought is not
             asked for. BASE_SEED is one with which the pilot had learnt to work chains (not pointers, nor all of arithmetic) by then
    bare     it has read questions and answers only, so that thinking has to be found by REINFORCE alone

Arms, each from the base, on the same examples, none of which shows any work:

    thought  Quiet-STaR                                      filler   the same with pauses, at as many columns (twice the positions)
    export   a plain model distilled from `thought`          plain    next-token training, as many tokens as `thought` and `export`

Measured on the reasoning pack, split `report`, difficulties 1 to 3, 400 questions, none of them in training; the thought and filler
models think before every token, and a thought is the likeliest one. Primary, in `shown`: the mean log-likelihood of an answer (with its
EOS) in nats, `thought` minus `filler`, paired by seed (order of data, positions, samples, mixing head); its mean and the 95 % interval of
Student's t over the 5 seeds. There is a gain if the interval lies above 0, a loss if it lies below; otherwise nothing is claimed.
Secondary, the same way: greedy exact match; `thought` minus `plain`; the share of the gain that the export keeps, (export - filler) /
(thought - filler) of the means, told if there is a gain. `bare` is told beside it, thought and filler only. We expect a gain in `shown`
(the work is within reach, so the filler control tells whether its content counts, not only its compute), none in `bare` (too few steps for
REINFORCE to find what helps), and little of the gain in the export (two layers cannot take the steps at once). The base is one per study,
so the intervals are over what is trained from it, not over bases.

What came out, added after the runs (320 s of one core for the arms, about 100 s for each base):

    shown    thought -2.549 nats, 33.3 % exact · filler -2.911, 14.4 % · plain -2.671, 19.7 % · export -2.830, 16.4 %
             thought - filler: +0.362 ± 0.043 nats, +18.9 ± 1.3 points: a gain, all of it in chains (73 % against 18 %), the one kind
             whose work the base had learnt; thought - plain: +0.122 ± 0.088 nats, +13.7 ± 4.4 points
             the export keeps 22 % of the gain and is worse than `plain`: -0.159 ± 0.057 nats
    bare     thought -2.853 nats, 20.2 % · filler -2.841, 19.3 %; thought - filler: -0.012 ± 0.006 nats: a small loss, where we
             had expected neither

So thoughts that the model has read how to think are worth far more than their compute; those that REINFORCE should find by itself
are not found in 200 steps, and cost a little. Before, in pilots on the split `search`: Muon (rates 0.01 to 0.02), rows of several
examples, and half to three quarters of the work shown from the start had not taught a base any work in 1,500 to 3,600 steps.
"""

import argparse
import copy
import json
import math
import random
import statistics
import time
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM

from phases.configs import QuietStarConfig, ThinkingConfig, TrainingConfig
from phases.data import reasoning
from phases.data.blocks import encode
from phases.data.packs import Pack, pack
from phases.data.tokenizer import train_tokenizer
from phases.evaluation import reasoning_accuracy
from phases.models import END_THOUGHT, THOUGHT
from phases.quiet_star import Thinker, distill
from phases.quiet_star.phase import equal_steps
from phases.quiet_star.thoughts import marks_of
from phases.quiet_star.training import thinking_loss
from phases.training import Batch, Batches, next_token_loss, train
from tests.forge.conftest import LocalContext

HIDDEN, LAYERS, WORK, HARDEST = 64, 2, 7, 3
LENGTH, SEEDS, BASE_SEED = 48, (0, 1, 2, 3, 4), 100
BASE = TrainingConfig(steps=2000, learning_rate=0.004, muon=False, decay=0.0, compile=False)  # of 32 rows
ON = TrainingConfig(steps=600, learning_rate=0.002, muon=False, decay=0.6, compile=False)  # the base goes on, with answers alone as well
STEPS = TrainingConfig(steps=200, learning_rate=0.001, muon=False, compile=False)  # of 16 rows
THINKING = ThinkingConfig(length=WORK, samples=2, ahead=2, positions=1 / 16, start_weight=0.3)
STUDIES: dict[str, tuple[tuple[float, float], tuple[str, ...]]] = {  # the shares that show their work in BASE and in ON; arms
    "shown": ((1.0, 0.5), ("filler", "thought", "export", "plain")),
    "bare": ((0.0, 0.0), ("filler", "thought")),
}
T_95 = 2.776  # Student's t, 4 degrees of freedom


def work(example: reasoning.Example) -> list[str]:
    """The work in WORK characters: a chain's values, a walk's nodes, an answer from its last digit on; the last one repeated."""
    if example.kind == "chain":
        steps = list(";".join(part.split("=")[1] for part in example.thought.split(";")))
    else:
        steps = list(example.thought if example.kind == "pointer" else example.answer[::-1])
    return (steps + steps[-1:] * WORK)[:WORK]


def rows(tokenizer: Tokenizer, seed: int, count: int, shown: float) -> Batches:
    """Batches [count, LENGTH] of an example in each row; `shown`: the share that shows its work."""
    start, end = tokenizer.token_to_id(THOUGHT), tokenizer.token_to_id(END_THOUGHT)

    def batch(step: int) -> Batch:
        rng = random.Random(f"{seed} {step}")
        tokens, labels = torch.zeros(count, LENGTH + 1, dtype=torch.long), torch.full((count, LENGTH + 1), -100)
        for row, example in enumerate(reasoning.examples(rng, count, hardest=HARDEST)):
            question, target = encode(tokenizer, [example.question, example.target])
            thought = [tokenizer.token_to_id(word) for word in work(example)] if rng.random() < shown else []
            ids = question + ([start, *thought, end] if thought else []) + target
            asked = [-100] * len(question) + ([-100, *thought, -100] if thought else []) + target
            tokens[row, : len(ids)], labels[row, : len(ids)] = torch.tensor(ids), torch.tensor(asked)
        return Batch(tokens[:, :-1], labels[:, 1:])

    return batch


def base_of(folder: Path, study: str, tokenizer: Tokenizer) -> Any:
    kept = folder / f"base-{study}"
    if not kept.exists():
        torch.manual_seed(BASE_SEED)
        config = LlamaConfig(
            vocab_size=tokenizer.get_vocab_size(), hidden_size=HIDDEN, intermediate_size=HIDDEN * 11 // 4, num_hidden_layers=LAYERS,
            num_attention_heads=4, num_key_value_heads=4, max_position_embeddings=512, tie_word_embeddings=True,
        )  # fmt: skip
        model = LlamaForCausalLM(config)
        context, (first, then) = LocalContext(folder / "work" / f"base-{study}"), STUDIES[study][0]
        train(context, "base", model, rows(tokenizer, BASE_SEED, 32, first), BASE)
        train(context, "on", model, rows(tokenizer, BASE_SEED + 1, 32, then), ON)
        model.save_pretrained(kept)
    return LlamaForCausalLM.from_pretrained(kept)


def run(folder: Path, study: str, seed: int, tokenizer: Tokenizer, told: Pack) -> None:
    """All arms of a seed; each is measured once and its result kept."""
    base, marks, arms = base_of(folder, study, tokenizer), marks_of(tokenizer), STUDIES[study][1]
    batches = rows(tokenizer, seed, 16, 0.0)

    def fitted(arm: str, module: Any, settings: TrainingConfig, loss: Any, first: int = 0) -> Any:
        started = time.process_time()
        context = LocalContext(folder / "work" / f"{study}-{seed}-{arm}")
        train(context, arm, module, lambda step: batches(first + step), settings, loss=loss, seed=seed)
        seconds = round(time.process_time() - started, 1)
        line = {"study": study, "seed": seed, "arm": arm, "steps": settings.steps, "cpu_s": seconds, **reasoning_accuracy(module, told)}
        with (folder / "results.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(line, flush=True)
        return module

    pauses = THINKING.model_copy(update={"kind": "pause"})
    fitted("filler", Thinker(copy.deepcopy(base), marks, pauses, seed), STEPS, thinking_loss)
    thinker = fitted("thought", Thinker(copy.deepcopy(base), marks, THINKING, seed), STEPS, thinking_loss).requires_grad_(False)
    if "export" in arms:
        student = copy.deepcopy(thinker.model).requires_grad_(True)
        fitted("export", student, STEPS, distill.loss_of(thinker, 0.5), STEPS.steps)
        equal = equal_steps(QuietStarConfig(length=LENGTH, thinking=THINKING, training=STEPS, distill=STEPS))
        fitted("plain", copy.deepcopy(base), STEPS.model_copy(update={"steps": equal}), next_token_loss)


def results(folder: Path) -> list[dict[str, Any]]:
    path = folder / "results.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def tell(folder: Path) -> None:
    for study, (_, arms) in STUDIES.items():
        found = {(one["seed"], one["arm"]): one for one in results(folder) if one["study"] == study}
        seeds = [seed for seed in SEEDS if all((seed, arm) in found for arm in arms)]
        print(f"\n{study}: {len(seeds)} of {len(SEEDS)} seeds\n{'':>8} {'nats per answer':>16} {'exact match':>12}")
        if len(seeds) < len(SEEDS):
            continue
        means = {}
        for arm in arms:
            likelihood, exact = ([found[seed, arm][name] for seed in seeds] for name in ("log_likelihood", "accuracy"))
            means[arm] = statistics.mean(likelihood)
            print(f"{arm:>8} {means[arm]:>16.3f} {statistics.mean(exact):>12.1%}")
        for one, other in (("thought", "filler"), ("thought", "plain"), ("export", "filler"), ("export", "plain")):
            for name in ("log_likelihood", "accuracy") if {one, other} <= set(arms) else ():
                apart = [found[seed, one][name] - found[seed, other][name] for seed in seeds]
                half = T_95 * statistics.stdev(apart) / math.sqrt(len(apart))
                print(f"{one} - {other}, {name}: {statistics.mean(apart):+.3f} ± {half:.3f}   {[round(a, 3) for a in apart]}")
        if "export" in arms:
            kept = (means["export"] - means["filler"]) / (means["thought"] - means["filler"])
            print(f"the export keeps {kept:.0%} of thought - filler")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tell", action="store_true")
    parser.add_argument("--pilot", action="store_true")
    told = parser.parse_args()
    torch.set_num_threads(1)
    told.folder.mkdir(parents=True, exist_ok=True)
    if not told.tell:
        tokenizer = train_tokenizer([], 270)  # bytes
        if told.pilot:
            run(told.folder, "shown", 1000, tokenizer, pack("reasoning", tokenizer, "search", 200, hardest=HARDEST))
            return
        report = pack("reasoning", tokenizer, "report", 400, hardest=HARDEST)
        for study, (_, arms) in STUDIES.items():
            done = {one["seed"] for one in results(told.folder) if (one["study"], one["arm"]) == (study, arms[-1])}
            for seed in SEEDS:
                if seed not in done:
                    run(told.folder, study, seed, tokenizer, report)
    tell(told.folder)


if __name__ == "__main__":
    main()
