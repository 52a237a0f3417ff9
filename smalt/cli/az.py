"""`smalt az`: the part of `az` that scripts around `az ml` use. Anything else goes to a real `az`, if there is one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from smalt.cli import output
from smalt.errors import InvalidRequest, NotFound

Document = dict[str, Any]  # Any: JSON

_GROUP_VERBS = ("create", "delete", "exists", "list", "show")
_ROLE_VERBS = (
    *(f"assignment {verb}" for verb in ("create", "delete", "list")),
    *(f"definition {verb}" for verb in ("create", "delete", "list", "update")),
)


class Passed(click.Command):
    """A command that reads its arguments itself."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep everything as it is."""
        ctx.params["arguments"] = tuple(args)
        return []


@click.command(cls=Passed, add_help_option=False)
def az(arguments: tuple[str, ...]) -> int:
    """Answer az commands: ml, login, account, configure, group, role, storage blob upload-batch."""
    if arguments[:1] == ("ml",):
        from smalt.cli.app import run

        return run(arguments[1:], defaults=_defaults(), name="az ml")
    for length in (3, 2, 1):
        answer = _ANSWERS.get(arguments[:length])
        if answer is not None:
            return _answered(answer, arguments[length:], short=_SHORT_OF.get(arguments[0], _SHORT))
    return _handed_on(arguments)


def _answered(answer: Callable[[Document], object], arguments: Sequence[str], *, short: Mapping[str, str]) -> int:
    """Answer with the output options of every other verb; other options are accepted and kept by name."""
    options, rest = _options(arguments, short)
    result = answer({**options, "rest": rest})
    form = str(options.get("output") or _defaults().get("output") or "json")
    if form not in output.FORMS:
        raise click.UsageError(f"--output {form} is unknown. Choose from: {', '.join(output.FORMS)}.")
    output.show(result, form=form, query=options.get("query"), is_chosen=True)
    return 0


_SHORT = {
    "-o": "output",
    "-n": "name",
    "-g": "resource-group",
    "-s": "subscription",
    "-l": "location",
    "-d": "defaults",
}
_SHORT_OF = {"storage": {**_SHORT, "-d": "destination", "-s": "source"}}


def _options(arguments: Sequence[str], short: Mapping[str, str]) -> tuple[Document, list[str]]:
    options: Document = {}
    rest: list[str] = []
    words = list(arguments)
    while words:
        word = words.pop(0)
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            rest.append(word)
            continue
        key = short.get(name, name.lstrip("-"))
        values = [value] if equals else []
        while not equals and words and not words[0].startswith("-"):
            values.append(words.pop(0))
        options[key] = values if key == "defaults" else (values[0] if values else True)
        rest += values[1:] if key != "defaults" else []
    return options, rest


def _login(options: Document) -> list[Document]:
    """Being able to read the token of the server is being signed in."""
    return [_account()]


def _logout(options: Document) -> None:
    return None


def _account_show(options: Document) -> Document:
    return _account()


def _account_set(options: Document) -> None:
    wanted = options.get("subscription")
    if not isinstance(wanted, str):
        raise click.UsageError("Name the subscription with --subscription.")
    _store({"subscription": wanted})


def _account_list(options: Document) -> list[Document]:
    return [_account()]


def _access_token(options: Document) -> Document:
    from smalt.sdk import connect

    token = connect.find().token()
    if not token:
        raise NotFound("There is no token of a server here. Start one with: smalt up --detach")
    account = _account()
    return {"accessToken": token, "subscription": account["id"], "tenant": account["tenantId"], "tokenType": "Bearer"}


def _configure(options: Document) -> list[Document] | None:
    given = options.get("defaults")
    if given is None:
        return [{"name": name, "value": value} for name, value in _defaults().items()]
    names = {"group": "group", "workspace": "workspace", "location": "location", "subscription": "subscription"}
    wanted = {key: value for key, _, value in (text.partition("=") for text in given)}
    unknown = wanted.keys() - names.keys()
    if unknown:
        raise click.UsageError(f"--defaults knows {', '.join(names)}; not {', '.join(sorted(unknown))}.")
    _store(wanted)
    return None


def _version(options: Document) -> Document:
    from smalt import __version__

    return {"azure-cli": "2.80.0", "azure-cli-core": "2.80.0", "extensions": {"ml": f"2.40.0+smalt.{__version__}"}}


def _extension(options: Document) -> list[Document]:
    """`ml` is always there."""
    return [{"name": "ml", "version": str(_version(options)["extensions"]["ml"])}]


def _on_groups(verb: str) -> Callable[[Document], object]:
    """An answer of `az group`, loaded when it is asked for."""

    def answer(options: Document) -> object:
        from smalt.cli import az_group

        defaults = _defaults()
        return az_group.answer(verb, options, subscription=defaults.get("subscription"), group=defaults.get("group"))

    return answer


def _on_roles(verb: str) -> Callable[[Document], object]:
    """An answer of `az role`, loaded when it is asked for."""

    def answer(options: Document) -> object:
        from smalt.cli import az_role
        from smalt.sdk.client import MLClient

        defaults = _defaults()
        named = (None, defaults.get("subscription"), defaults.get("group"), defaults.get("workspace"))
        with MLClient(*named) as client:
            return az_role.answer(verb, client, options)

    return answer


def _upload_batch(options: Document) -> list[Document]:
    from smalt.cli import az_storage

    defaults = _defaults()
    return az_storage.upload_batch(options, group=defaults.get("group"), workspace=defaults.get("workspace"))


_ANSWERS: dict[tuple[str, ...], Callable[[Document], object]] = {
    ("login",): _login,
    ("logout",): _logout,
    ("account", "show"): _account_show,
    ("account", "set"): _account_set,
    ("account", "list"): _account_list,
    ("account", "get-access-token"): _access_token,
    ("configure",): _configure,
    **{("group", verb): _on_groups(verb) for verb in _GROUP_VERBS},
    ("storage", "blob", "upload-batch"): _upload_batch,
    **{tuple(f"role {verb}".split()): _on_roles(verb) for verb in _ROLE_VERBS},
    ("version",): _version,
    ("--version",): _version,
    ("extension", "add"): lambda options: None,
    ("extension", "remove"): lambda options: None,
    ("extension", "show"): lambda options: _extension(options)[0],
    ("extension", "update"): lambda options: None,
    ("config", "set"): lambda options: None,
    ("extension", "list"): _extension,
}


def _handed_on(arguments: Sequence[str]) -> int:
    """Become the next `az` of PATH, with everything as it was given."""
    places = [Path(place) / "az" for place in os.environ.get("PATH", "").split(os.pathsep) if place]
    real = next((str(found) for found in places if os.access(found, os.X_OK) and not _is_ours(found)), None)
    if real is None:
        known = ", ".join(sorted({" ".join(words) for words in _ANSWERS}))
        raise InvalidRequest(
            f"'az {' '.join(arguments[:2])}' is not answered here, and no other az is installed. Answered: ml, {known}."
        )
    os.execv(real, [real, *arguments])  # noqa: S606 - a program found on PATH, arguments as given


def _is_ours(launcher: Path) -> bool:
    """Whether an `az` is the one that leads here: handing on to it would never end."""
    with launcher.open("rb") as opened:
        return b"smalt.cli.main az" in opened.read(1000)


def _account() -> Document:
    from smalt.sdk import connect

    place = connect.find(subscription=_defaults().get("subscription"))
    return {
        "id": place.subscription,
        "name": "smalt",
        "environmentName": "Smalt",
        "isDefault": True,
        "state": "Enabled",
        "tenantId": os.environ.get("AZURE_TENANT_ID") or _state().get("tenant"),
        "user": {"name": "owner", "type": "servicePrincipal"},
    }


def _home() -> Path:
    return Path(os.environ.get("SMALT_HOME") or "~/.smalt").expanduser().absolute()


def _state() -> Document:
    return _read(_home() / "server.json")


def _defaults() -> dict[str, str]:
    return {key: str(value) for key, value in _read(_home() / "az.json").items()}


def _store(values: dict[str, str]) -> None:
    """Remember defaults; an empty value forgets one."""
    path = _home() / "az.json"
    kept = {key: value for key, value in (_defaults() | values).items() if value}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=2))


def _read(path: Path) -> Document:
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError:
        raise InvalidRequest(f"{path} holds no JSON. Mend or remove it.") from None
    return found if isinstance(found, dict) else {}
