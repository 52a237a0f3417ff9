from smalt.entities.connection import Connection
from smalt.entities.datastore import AzureBlobDatastore


def test_secrets_are_shown_only_when_asked_for():
    store = AzureBlobDatastore.parse(
        {"name": "s", "container_name": "c", "credentials": {"account_key": "hush", "acount_key": "hush"}}
    )

    assert "hush" not in str(store.document())
    assert "hush" not in repr(store.credentials.account_key)
    assert store.document(secrets=True)["credentials"]["account_key"] == "hush"


def test_custom_keys_of_a_connection_are_secrets():
    connection = Connection.parse(
        {"name": "abc", "type": "custom", "credentials": {"type": "custom_keys", "keys": {"k": "hush"}}}
    )

    assert "hush" not in str(connection.document())
