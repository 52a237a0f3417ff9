"""Look-up in an index of Azure AI Search, through its REST interface: by words, vectors or both, ranked by meaning."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from smalt.errors import NotFound
from smalt.flows.connections import Connection
from smalt.flows.errors import UserErrorException
from smalt.flows.running import context
from smalt.flows.tools.builtin import web

# The oldest interface that names vectors as this module does; what an index says of older previews does not hold.
_VERSION = "2023-11-01"

Document = Mapping[str, Any]  # Any: YAML, JSON


class SearchFailed(UserErrorException):
    """The service refused, or cannot be asked as the description of the index says."""


class SearchIndex:
    """An index of the service, as the description of it (`MLIndex`, kind `acs`) says.

    Args:
        described: What stands under `index`.

    Raises:
        SearchFailed: It names no index, or no connection that is here.
    """

    def __init__(self, described: Document) -> None:
        self._name = str(described.get("index") or "")
        self._fields = {str(key): str(value) for key, value in (described.get("field_mapping") or {}).items()}
        self._semantic = str(described.get("semantic_configuration_name") or "azureml-default")
        if not self._name or "content" not in self._fields:
            raise SearchFailed("The description of the index needs 'index' and 'field_mapping.content'. Add them.")
        self._connection = named(described.get("connection"))
        version = str(self._connection.configs.get("api_version") or "")
        self._version = version if version[:10] >= _VERSION else _VERSION
        self._place = str(described.get("endpoint") or self._connection.configs.get("api_base") or "").rstrip("/")

    def search(self, query: str, *, vector: list[float] | None, words: bool, semantic: bool, top_k: int) -> list[Any]:
        """The passages that fit, best first.

        Args:
            query: What is looked for.
            vector: The vector of it, where it is looked for by vectors.
            words: Whether it is looked for by words.
            semantic: Whether the service ranks by meaning what it found.
            top_k: How many passages.

        Raises:
            SearchFailed: The service refused.
        """
        body: dict[str, Any] = {"top": top_k}
        if words:
            body["search"] = query
        if vector is not None:
            field = self._fields.get("embedding")
            if not field:
                raise SearchFailed(f"The index {self._name!r} names no field of vectors. Look up by 'Keyword'.")
            body["vectorQueries"] = [{"kind": "vector", "vector": vector, "fields": field, "k": top_k}]
        if semantic:
            body |= {"queryType": "semantic", "semanticConfiguration": self._semantic, "captions": "extractive",
                     "answers": "extractive"}  # fmt: skip
        answer = self._asked(body)
        answers = {str(item.get("key")): item for item in answer.get("@search.answers") or []}
        return [self._shown(row, answers) for row in answer.get("value") or []]

    def _asked(self, body: Document) -> Any:  # Any: JSON
        url = f"{self._place}/indexes/{quote(self._name, safe='')}/docs/search?api-version={quote(self._version)}"
        key = self._connection.secrets.get("api_key")
        try:
            return web.post(url, body, {"api-key": str(key)} if key else {})
        except web.ServiceFailed as error:
            raise SearchFailed(f"Azure AI Search refused the look-up in {self._name!r}: {error}") from None

    def _shown(self, row: Document, answers: Document) -> dict[str, Any]:
        """A passage in the form that look-ups of prompt flow answer."""
        more = {key: value for key, value in row.items() if key != self._fields.get("embedding")}
        text = more.pop(self._fields["content"], None)
        metadata = _mapping(more.get(self._fields.get("metadata", ""))) or {
            key: value for key, value in more.items() if not key.startswith("@")
        }
        captions = more.pop("@search.captions", None) or []
        if captions:
            metadata["captions"] = {key: captions[0].get(key) for key in ("text", "highlights")}
            told = answers.get(str(row.get("id")))
            metadata["answers"] = {key: told.get(key) for key in ("text", "highlights")} if told else None
        score = float(row.get("@search.score") or 0.0)
        return {"text": text, "metadata": metadata, "additional_fields": more, "score": score}


def named(given: object) -> Connection:
    """The connection that a description names: by its name, or by an id that ends with it.

    Raises:
        SearchFailed: It names none, or one that is not here.
    """
    told = given.get("id") or given.get("name") if isinstance(given, Mapping) else given
    name = str(told or "").strip().rpartition("/")[2]
    if not name:
        raise SearchFailed("No connection is named. Add it to the description, e.g. 'connection: {id: NAME}'.")
    try:
        return context.connection(name)
    except NotFound as error:
        raise SearchFailed(f"What is asked for is reached by the connection {name!r}. {error.message}") from None


def _mapping(found: object) -> dict[str, Any]:  # Any: JSON
    """The metadata of a passage, which an index keeps as text."""
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError:
            return {}
    return dict(found) if isinstance(found, Mapping) else {}
