"""The models that the forge makes: stock `LlamaForCausalLM`, from scratch, with the tokens of every phase in the vocabulary.

Sizes in parameters, embeddings tied: cognate-25m 25,041,408; cognate-1m (for a machine without a GPU, and for tests) 1,000,576.
"""

from typing import TYPE_CHECKING, Literal

from shared.errors import BadInput

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM

Preset = Literal["cognate-25m", "cognate-1m"]
FAMILIES = ("llama", "qwen2", "qwen3")  # what is brought along may be one of these (`model_type` in config.json)

PRESETS: dict[str, dict[str, int]] = {
    "cognate-25m": dict(vocab_size=14_336, hidden_size=512, intermediate_size=1408, num_hidden_layers=6, num_attention_heads=8,
                        num_key_value_heads=4, max_position_embeddings=2048),
    "cognate-1m": dict(vocab_size=2048, hidden_size=128, intermediate_size=352, num_hidden_layers=4, num_attention_heads=4,
                       num_key_value_heads=2, max_position_embeddings=1024),
}  # fmt: skip

PAD, BOS, EOS = "<|pad|>", "<|bos|>", "<|eos|>"
THOUGHT, END_THOUGHT, PAUSE = "<|thought|>", "<|/thought|>", "<|pause|>"
SCHEMA, QUESTION, PLAN, ANSWER = "<|schema|>", "<|question|>", "<|plan|>", "<|answer|>"
TOOL, END_TOOL, RESULT, END_RESULT = "<|tool|>", "<|/tool|>", "<|result|>", "<|/result|>"
SPECIAL_TOKENS = (PAD, BOS, EOS, THOUGHT, END_THOUGHT, PAUSE, SCHEMA, QUESTION, PLAN, ANSWER, TOOL, END_TOOL, RESULT, END_RESULT)
"""Their ids are their places here: 0, 1, 2, …"""


def new_model(preset: str, seed: int) -> "LlamaForCausalLM":
    """Fresh float32 weights (normal, std 0.02), the same for the same seed; the global generator is left as it was."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    if preset not in PRESETS:
        raise BadInput(f"There is no preset {preset!r}.", f"There are: {', '.join(PRESETS)}.")
    config = LlamaConfig(
        **PRESETS[preset], tie_word_embeddings=True, pad_token_id=0, bos_token_id=1, eos_token_id=2, rope_theta=10_000.0
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)
