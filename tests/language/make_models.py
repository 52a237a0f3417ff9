"""Makes small language models of random weights: `python make_models.py FOLDER`."""

import json
import sys
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

TEXT = ["Hello world. How are you today? I am fine, thank you.", '{"name": "add", "arguments": {"a": 1}}'] * 5
SIZE = {"hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4}
CHAT = (
    "{% if tools %}<|start|>tools {{ tools | tojson }}<|end|>{% endif %}"
    "{% for message in messages %}"
    "{% if message.role == 'tool' %}{{ raise_exception('no tools here') }}{% endif %}"
    "<|start|>{{ message.role }} {{ message.content }}<|end|>"
    "{% endfor %}{% if add_generation_prompt %}<|start|>assistant {% endif %}"
)


def tokenizer():
    """A byte-level one, trained on the spot."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<|end|>", "<|start|>", "<|pad|>"]
    made.train_from_iterator(
        TEXT, trainers.BpeTrainer(vocab_size=320, special_tokens=special, initial_alphabet=alphabet)
    )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|end|>", pad_token="<|pad|>")


def save(network, folder, chat=None):
    """A model and a tokenizer in a folder."""
    words = tokenizer()
    words.chat_template = chat
    network.save_pretrained(folder)
    words.save_pretrained(folder)


def main(folder):
    torch.manual_seed(0)
    vocabulary = {"vocab_size": 320, "eos_token_id": 0, "bos_token_id": None, "pad_token_id": 2}
    room = {"max_position_embeddings": 512}
    save(transformers.LlamaForCausalLM(transformers.LlamaConfig(**SIZE, **vocabulary, **room)), folder / "chat", CHAT)
    gpt = transformers.GPT2Config(n_embd=48, n_layer=2, n_head=4, n_positions=128, **vocabulary)
    save(transformers.GPT2LMHeadModel(gpt), folder / "text")
    windowed = transformers.MistralConfig(**SIZE, **vocabulary, **room, sliding_window=8, num_key_value_heads=2)
    save(transformers.MistralForCausalLM(windowed), folder / "windowed", CHAT)
    bert = transformers.BertConfig(**SIZE, vocab_size=320, pad_token_id=2, **room)
    save(transformers.BertModel(bert), folder / "vectors")
    (folder / "vectors" / "modules.json").write_text(json.dumps([{"type": "sentence_transformers.models.Normalize"}]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
