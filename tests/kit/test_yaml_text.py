import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalt.kit import yaml

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_what_is_dumped_is_loaded_again(document):
    assert yaml.load(yaml.dump(document)) == document


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("version: 01", {"version": "01"}),
        ("lr: 1e-3", {"lr": "1e-3"}),
        ("day: 2024-05-01", {"day": "2024-05-01"}),
        ("at: 12:30", {"at": "12:30"}),
        ("on: yes", {"on": True}),
        ("1: {a: [1, 2.5, 0x10]}", {"1": {"a": [1, 2.5, 16]}}),
        ("name: {{NAME}}", {"name": "{{NAME}}"}),
        ("base: &b {x: 1}\nuse: {<<: *b, y: 2}", {"base": {"x": 1}, "use": {"x": 1, "y": 2}}),
    ],
)
def test_values_keep_what_was_written(text, value):
    assert yaml.load(text) == value


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: 1\nb: 2\na: 3", 3, "twice"),
        ("a:\n\t- b", 2, "not valid YAML"),
        ("a: !!python/object:os.system x", 1, "tag"),
        ("a: " + "[" * 5000, 1, "levels"),
        ("a: &a [*a]", 1, "endless"),
        ("[" + "9" * 5000 + "]", 1, "cannot be read"),
    ],
)
def test_mistakes_name_file_line_and_reason(text, line, word):
    with pytest.raises(yaml.YamlError, match=word) as failure:
        yaml.load(text, source="job.yml")

    assert str(failure.value).startswith(f"job.yml:{line}:")


def test_aliases_cannot_multiply_without_end():
    levels = "\n".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 10)}]" for n in range(1, 10))

    with pytest.raises(yaml.YamlError, match="endless"):
        yaml.load(f"k0: &k0 [x]\n{levels}")


def test_a_mapping_merged_with_itself_is_refused():
    with pytest.raises(yaml.YamlError, match="endless"):
        yaml.load("a: &x {<<: *x}")


def test_a_path_leads_to_line_and_column():
    located = yaml.load_with_lines("a:\n  b:\n    - c: 1\n")

    assert located.at("a.b.0.c") == yaml.Position(3, 7)
    assert located.at(("a", "b", "unknown")) == yaml.Position(2, 3)
