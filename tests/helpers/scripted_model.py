"""Writes a tiny GGUF model that says fixed texts: a real engine with known answers.

It is a one-layer llama without attention whose next token depends on the last token
alone. Each text is a chain of tokens found only there, so the model also goes on from
the middle of a text. The chat template starts the chain: a word in the last question
chooses it. After anything it does not know, it ends its turn.
"""

import re
from pathlib import Path
from typing import Final

import gguf
import numpy as np
import pytest
from numpy.typing import NDArray

HELLO: Final = "Hello from the scripted llama.cpp fixture model. 👋 Bye!"
THOUGHT: Final = "I should ponder first."
ANSWER: Final = "The answer is forty-two."
TICKS: Final = [f" tick {number:03}" for number in range(1, 501)]
MARKDOWN: Final = """\
# Voyage to the café ☕

A paragraph with **bold words**, *slanted ones* and `inline code` - naïve,
日本語, Ελληνικά.

## What we pack

1. A map of Zürich
2. Three apples 🍎

- [ ] unfinished task
- [x] finished job

| Fruit | Price |
|:------|------:|
| Pear  | 1.20 € |
| Plum  | 0.35 € |

### How it is counted

```python
def total(prices: dict[str, float]) -> float:
    # <b>not bold</b> & "quoted"
    return sum(prices.values())
```

> Whoever travels, tells.

See [the guide](https://example.org/guide) and $e = mc^2$.

The end of the long answer.
"""

_CORPUS: Final = "\0".join((HELLO, THOUGHT, ANSWER, MARKDOWN))
_TEMPLATE: Final = """\
{%- for m in messages -%}
<|im_start|>{{ m.role }}
{% if m.reasoning_content %}<think>
{{ m.reasoning_content }}
</think>

{% endif %}{{ m.content }}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}
{%- set asked = messages[-1].content -%}
<|im_start|>assistant
{% if 'think' in asked %}<|go_think|>
{%- elif 'forever' in asked %}<|go_forever|>
{%- elif 'markdown' in asked %}<|go_markdown|>
{%- else %}<|go_hello|>{% endif %}
{%- endif -%}"""

_WIDTH: Final = 256
_HEADS: Final = 4
_FEED_FORWARD: Final = 64
_CONTEXT: Final = 4096
_EOS: Final = "<|im_end|>"
_SURE: Final = 4.0
"""Weight of a successor: its logit is this times the root of the width."""

_Matrix = NDArray[np.float32]


def write_scripted_model(path: Path, feed_forward: int = _FEED_FORWARD) -> Path:
    """Write the model to the path and return the path.

    Args:
        path: The file.
        feed_forward: The more, the slower it is; it says the same.
    """
    chains = {
        "<|go_hello|>": [*_pieces(HELLO), _EOS],
        "<|go_think|>": [
            *("<think>", f"\n{THOUGHT}", "\n</think>\n\n"),
            *(*_pieces(ANSWER), _EOS),
        ],
        "<|go_markdown|>": [*_pieces(MARKDOWN), _EOS],
        "<|go_forever|>": [*TICKS, TICKS[0]],
    }
    vocabulary = _vocabulary(chains)
    index = {token: number for number, token in enumerate(vocabulary)}
    follows = {
        index[token]: index[successor]
        for start, chain in chains.items()
        for token, successor in zip([start, *chain], chain, strict=False)
    }
    writer = gguf.GGUFWriter(path, "llama")
    _describe(writer, vocabulary, feed_forward)
    looks, wants = _embeddings(len(vocabulary), follows, index[_EOS])
    _add_tensors(writer, looks, wants, feed_forward)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="session")
def scripted_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripted model, written once for the whole run."""
    return write_scripted_model(tmp_path_factory.mktemp("model") / "scripted.gguf")


def _pieces(text: str) -> list[str]:
    """Cut the text into words, each joined with the next ones until unique."""
    pieces, piece = list[str](), ""
    for word in re.findall(r"\s*\S+\s*?(?=\s|$)|\s+$", text):
        piece += word
        if _CORPUS.count(piece) == 1:
            pieces.append(piece)
            piece = ""
    return [*pieces[:-1], pieces[-1] + piece]


def _vocabulary(chains: dict[str, list[str]]) -> dict[str, gguf.TokenType]:
    kind = gguf.TokenType
    vocabulary = {"<unk>": kind.UNKNOWN, "<s>": kind.CONTROL, "</s>": kind.CONTROL}
    vocabulary |= {"<|im_start|>": kind.CONTROL, _EOS: kind.CONTROL}
    vocabulary |= {f"<0x{byte:02X}>": kind.BYTE for byte in range(256)}
    vocabulary |= dict.fromkeys(chains, kind.CONTROL)
    # User-defined tokens are found in a prompt as they stand, so that an answer that
    # is sent back is cut into the same tokens again.
    for chain in chains.values():
        for token in chain:
            vocabulary.setdefault(token, kind.USER_DEFINED)
    return vocabulary


def _describe(
    writer: gguf.GGUFWriter, vocabulary: dict[str, gguf.TokenType], feed_forward: int
) -> None:
    writer.add_name("scripted")
    writer.add_context_length(_CONTEXT)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(feed_forward)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_vocab_size(len(vocabulary))
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([token.encode() for token in vocabulary])
    writer.add_token_scores([0.0] * len(vocabulary))
    writer.add_token_types([int(kind) for kind in vocabulary.values()])
    names = list(vocabulary)
    writer.add_unk_token_id(names.index("<unk>"))
    writer.add_bos_token_id(names.index("<s>"))
    writer.add_eos_token_id(names.index(_EOS))
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(_TEMPLATE)
    writer.add_file_type(int(gguf.LlamaFileType.MOSTLY_F16))


def _embeddings(
    size: int, follows: dict[int, int], eos: int
) -> tuple[_Matrix, _Matrix]:
    """Return what tokens look like and what each looks for in the token before it."""
    rng = np.random.default_rng(1)
    looks = rng.standard_normal((size, _WIDTH)).astype(np.float32)
    # Every token outside the chains looks the same, at right angles to the chains.
    looks[:, 0] = 0
    unknown = [number for number in range(size) if number not in follows]
    looks[unknown] = 0
    looks[unknown, 0] = 1
    looks /= np.linalg.norm(looks, axis=1, keepdims=True)
    wants = np.zeros_like(looks)
    for token, successor in follows.items():
        wants[successor] += looks[token] * _SURE
    wants[eos, 0] = _SURE
    return looks, wants


def _add_tensors(
    writer: gguf.GGUFWriter, looks: _Matrix, wants: _Matrix, feed_forward: int
) -> None:
    writer.add_tensor("token_embd.weight", looks.astype(np.float16))
    writer.add_tensor("output.weight", wants.astype(np.float16))
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(_WIDTH, np.float32))
    square, wide = (_WIDTH, _WIDTH), (feed_forward, _WIDTH)
    shapes = dict.fromkeys(("attn_q", "attn_k", "attn_v", "attn_output"), square)
    shapes |= {"ffn_gate": wide, "ffn_up": wide, "ffn_down": wide[::-1]}
    for name, shape in shapes.items():
        writer.add_tensor(f"blk.0.{name}.weight", np.zeros(shape, np.float16))
