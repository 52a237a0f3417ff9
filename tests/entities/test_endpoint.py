"""Endpoints and deployments as their files say them."""

from __future__ import annotations

import pytest

from smalt.entities.endpoint.batch import ModelBatchDeployment
from smalt.entities.endpoint.online import OnlineEndpoint
from smalt.errors import ValidationFailed
from smalt.wire.yaml import load_entity


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: 9lives", "begin with a letter"),
        ("name: ep\ntraffic: {blue: 60}", "add up to 60"),
        ("name: ep\nmirror_traffic: {blue: 10, green: 10}", "Name one deployment"),
        ("name: ep\nauth_mode: password", "auth_mode"),
        ("name: ep\nrollout: {max_error_rate: 7}", "rollout.max_error_rate"),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused_with_its_line(text, told):
    with pytest.raises(ValidationFailed, match=told) as refused:
        load_entity("online_endpoint", text)

    assert "<text>:" in str(refused.value.message)


def test_words_are_taken_in_any_spelling():
    found = load_entity("online_endpoint", "name: ep\nauth_mode: AMLToken\ntraffic:\n").entity

    assert isinstance(found, OnlineEndpoint)
    assert (found.auth_mode, found.traffic) == ("aml_token", {})


def test_settings_at_the_root_are_those_of_the_older_form():
    old = load_entity("batch_deployment", "name: d\nmini_batch_size: 3\noutput_action: SummaryOnly").entity
    new = load_entity("batch_deployment", "name: d\ntype: model\nsettings:\n  mini_batch_size: 3").entity

    assert isinstance(old, ModelBatchDeployment)
    assert isinstance(new, ModelBatchDeployment)
    assert (old.settings.mini_batch_size, old.settings.output_action) == (3, "summary_only")
    assert (new.settings.mini_batch_size, new.instance_count) == (3, 1)


def test_the_type_says_which_deployment_it_is():
    online = load_entity("online_deployment", "name: d\ntype: kubernetes\nresources:\n  limits:\n    cpu: 1").entity
    pipeline = load_entity("batch_deployment", "name: d\ntype: pipeline\ncomponent: azureml:c:1").entity

    assert (online.type, online.resources.limits.cpu) == ("kubernetes", "1")
    assert (pipeline.type, pipeline.component) == ("pipeline", "azureml:c:1")
