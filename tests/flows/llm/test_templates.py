"""Templates: those of text and names are filled in without the engine, and come out as from the engine."""

from __future__ import annotations

import pytest
from jinja2 import meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from smalt.errors import SmaltError
from smalt.flows.llm import templates

ENGINE = ImmutableSandboxedEnvironment(trim_blocks=True, keep_trailing_newline=True)
VALUES = {"text": "a {{b}} {% c %}", "number": 1.5, "nothing": None, "pair": ["x", {"y": 1}], "range": "mine"}


@pytest.mark.parametrize(
    "template",
    [
        "", "plain\n", "{{text}}", "\n{{ text }}\n\n{{number}}{{nothing}}\n", "{{\tpair }} } }} { %} #}",
        "{{absent}}.", "{{ text}}{# no word of it #}", "{{text | upper}}", "{% for x in pair %}\n{{x}}\n{% endfor %}",
        "{{- text -}} x", "{{true}} {{none}} {{range}}", "one\r\ntwo {{text}}", "{{ text\n}}", "{{'{{text}}'}}",
        "{{pair[0]}}", "{{{text}}}",
    ],
)  # fmt: skip
def test_a_template_comes_out_as_from_the_engine(template):
    try:
        wanted = ENGINE.from_string(template).render(VALUES), meta.find_undeclared_variables(ENGINE.parse(template))
    except Exception:
        with pytest.raises(SmaltError):
            templates.render(template, VALUES)
        return

    assert templates.render(template, VALUES) == wanted[0]
    assert set(templates.variables(template)) == wanted[1]
