"""The metadata of models as the catalog of Azure keeps it."""

from __future__ import annotations

import pytest

from smalt.errors import InvalidRequest
from smalt.wire.catalog_folder import card_of

SPEC = """
$schema: https://azuremlschemas.azureedge.net/latest/model.schema.json
name: Tiny-2
version: 3
path: ./
tags:
  Featured: ""
  model_specific_defaults: "{'apply_lora': 'true', 'precision': 16, \\"learning_rate\\": 2e-5}"
system_metadata:
  tasks:
    inferenceTasks: chat-completion, text-generation
    fineTuningTasks: [chat-completion]
  license: mit
  publisher: Tests
  featured: true
  huggingFaceModelId: tests/tiny
  SHA: abc
  textContextWindow: 128k
  maxOutputTokens: "4096"
  inputModalities: [text, image]
  deprecation: {inferenceLegacyDate: 2027-01-01}
  benchmark: {mmlu: 0.5}
  SKU: {inferenceMinSkuSpec: 4|0|14|32}
"""


def test_a_folder_becomes_a_card():
    files = {"spec.yaml": SPEC, "description.md": "---\nhidden: yes\n---\n# Tiny\nIt is small."}

    card = card_of(files.get)

    assert (card.name, card.version, card.license, card.publisher) == ("Tiny-2", "3", "mit", "Tests")
    assert card.description == "# Tiny\nIt is small."
    assert (card.hugging_face_id, card.revision) == ("tests/tiny", "abc")
    assert card.inference_tasks == ["chat-completion", "text-generation"]
    assert (card.context_window, card.max_output_tokens) == (128_000, 4096)
    assert card.fine_tuning_defaults == {"apply_lora": "true", "precision": "16", "learning_rate": "2e-5"}
    assert card.deprecation == {"inferenceLegacyDate": "2027-01-01"}
    assert card.benchmarks == {"mmlu": 0.5}


@pytest.mark.parametrize("files", [{}, {"spec.yaml": "a: ["}])
def test_a_folder_without_a_readable_spec_is_refused(files):
    with pytest.raises(InvalidRequest, match=r"spec\.yaml"):
        card_of(files.get)
