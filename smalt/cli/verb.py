"""What every `smalt <noun> <verb>` has: options for scope and output, abbreviations, and several values per option."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from smalt.cli import output
from smalt.cli.output import FORMS
from smalt.cli.session import Session
from smalt.errors import InvalidRequest

F = TypeVar("F", bound=Callable[..., Any])

JOINT = "\x1f"
"""Between the words of one `--add list key=value`, while they travel as one value."""

_NUMBER = re.compile(r"-\d")
_SCOPE = ("resource_group", "workspace_name", "subscription", "registry_name")
_OUTPUT = ("output", "query", "debug", "verbose", "only_show_errors")


class Words(click.Option):
    """An option with one or more values after it: `--set a=1 b=2`."""

    joined = False


class Phrase(Words):
    """Like `Words`, and the words after it belong together: `--add list key=value`."""

    joined = True


class Verb(click.Command):
    """A command whose callback takes a `Session` first and returns what is to be printed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        taken = {name for param in self.params for name in param.opts}
        self.params.extend(each for each in self.shared() if taken.isdisjoint(each.opts))

    def shared(self) -> list[click.Parameter]:
        """The options that every verb of this kind has."""
        return shared_options()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Write abbreviated options out and give each value of a repeated option its own."""
        return super().parse_args(ctx, self._written_out(ctx, args))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb and print what it returns; an exit code is handed on."""
        given = {name: ctx.params.pop(name, None) for name in (*_SCOPE, *_OUTPUT)}
        session = Session.of(given, ctx.obj or {})
        with session:
            try:
                result = ctx.invoke(self.callback, session, **ctx.params) if self.callback else None
            except InvalidRequest as error:
                raise session.explained(error) from error
            if isinstance(result, int):
                return result
            session.print(result)
        return 0

    def _written_out(self, ctx: click.Context, args: Sequence[str]) -> list[str]:
        options = {name: param for param in self.get_params(ctx) for name in (*param.opts, *param.secondary_opts)}
        written: list[str] = []
        rest = list(args)
        while rest:
            word = rest.pop(0)
            name, equals, value = word.partition("=")
            if not name.startswith("-") or name in {"-", "--"}:
                written.append(word)
                continue
            if name.startswith("--"):
                name = self._full_name(name, options, ctx)
            option = options.get(name)
            if isinstance(option, Words):
                values = [value] if equals else []
                while rest and not _is_option(rest[0], options):
                    values.append(rest.pop(0))
                values = [JOINT.join(values)] if option.joined and values else values
                written.extend(part for each in values for part in (name, each))
                if not values:
                    written.append(name)
            elif equals or option is None or _takes_no_value(option):
                written.append(name + equals + value)
            else:
                written.append(name)
                written.extend([rest.pop(0)] if rest else [])
        return written

    def _full_name(self, name: str, options: dict[str, click.Parameter], ctx: click.Context) -> str:
        if name in options:
            return name
        found = sorted({full for full in options if full.startswith(name)})
        if len({id(options[full]) for full in found}) > 1:
            raise click.UsageError(f"{name} could be {' or '.join(found)}. Write it out.", ctx)
        return found[0] if found else name


class LocalVerb(Verb):
    """A verb that works on this machine: its callback returns what is to be printed, or an exit code."""

    def shared(self) -> list[click.Parameter]:
        """As of `Verb`, without a scope."""
        return [
            *output_options(),
            click.Option(["--debug", "-d"], is_flag=True, help="Print where a failure happened."),
            click.Option(["--user-agent"], hidden=True, help="Accepted, as pf does."),
        ]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb and print what it returns."""
        given = {name: ctx.params.pop(name, None) for name in (*_OUTPUT, "user_agent")}
        result = ctx.invoke(self.callback, **ctx.params) if self.callback else None
        if isinstance(result, int) and not isinstance(result, bool):
            return result
        output.show(result, form=str(given["output"] or "json").lower(), query=given["query"])
        return 0


def _is_option(word: str, options: dict[str, click.Parameter]) -> bool:
    return (
        word.startswith("--")
        or word in options
        or (word.startswith("-") and len(word) == 2 and not _NUMBER.match(word))
    )


def _takes_no_value(option: click.Parameter) -> bool:
    return isinstance(option, click.Option) and (option.is_flag or option.count)


def shared_options() -> list[click.Parameter]:
    """The options of scope and output."""
    return [
        click.Option(["--resource-group", "-g"], metavar="NAME", help="Resource group."),
        click.Option(["--workspace-name", "-w"], metavar="NAME", help="Workspace."),
        click.Option(["--subscription"], metavar="ID", help="Subscription."),
        *output_options(),
        click.Option(["--debug"], is_flag=True, help="Print every request, and where a failure happened."),
    ]


def output_options() -> list[click.Parameter]:
    """The options of output."""
    return [
        click.Option(
            ["--output", "-o"],
            type=click.Choice(FORMS, case_sensitive=False),
            default="json",
            help="Form of the output.",
        ),
        click.Option(["--query"], metavar="JMESPATH", help="What of the result to print."),
        click.Option(["--verbose"], is_flag=True, help="Print more."),
        click.Option(["--only-show-errors"], is_flag=True, help="Print no warnings."),
    ]


def option(*names: str, **settings: Any) -> Callable[[F], F]:
    """An option of a verb."""
    return click.option(*names, **settings)


def name(*, required: bool = True) -> Callable[[F], F]:
    """`--name`."""
    return option("--name", "-n", required=required, metavar="NAME", help="Name.")


def file(*, required: bool = False) -> Callable[[F], F]:
    """`--file`."""
    return option("--file", "-f", required=required, metavar="FILE", help="YAML file.")


def flag(*names: str, help: str) -> Callable[[F], F]:  # noqa: A002 - the word of click
    """An option without a value."""
    return option(*names, is_flag=True, help=help)


def overrides() -> Callable[[F], F]:
    """`--set` of create: values that replace those of the file."""
    return option(
        "--set", "set_", cls=Words, multiple=True, metavar="PATH=VALUE ...", help="Replace values of the file."
    )


def tags() -> Callable[[F], F]:
    """`--tags`."""
    return option("--tags", cls=Words, multiple=True, metavar="KEY=VALUE ...", help="Tags.")


def no_wait() -> Callable[[F], F]:
    """`--no-wait`."""
    return flag("--no-wait", help="Return when the server has accepted it.")


def yes() -> Callable[[F], F]:
    """`--yes`."""
    return flag("--yes", "-y", "--assume-yes", help="Do not ask.")


def local() -> Callable[[F], F]:
    """`--local` of online endpoints."""
    return flag("--local", help="On this machine, with no server.")


def web() -> Callable[[F], F]:
    """`--web`."""
    return flag("--web", help="Accepted for az; there is no page to open.")


def endpoint_name(*, required: bool = True) -> Callable[[F], F]:
    """`--endpoint-name`."""
    return option("--endpoint-name", "-e", required=required, metavar="NAME", help="Endpoint.")


def skip_script_validation() -> Callable[[F], F]:
    """`--skip-script-validation`."""
    return flag("--skip-script-validation", help="Do not look for mistakes in the script.")


def trace_to() -> Callable[[F], F]:
    """`--trace-to` of what runs flows on this machine."""
    return option(
        "--trace-to",
        metavar="WHERE",
        help="Where traces go: workspace, none, or an OTLP/HTTP address. [default: trace.destination of pf config]",
    )


def registry() -> Callable[[F], F]:
    """`--registry-name`: the assets of a registry instead of the workspace's."""
    return option("--registry-name", metavar="NAME", help="Registry, instead of a workspace.")


def version_or_label() -> Callable[[F], F]:
    """`--version` and `--label`."""

    def add(function: F) -> F:
        function = option("--label", "-l", metavar="LABEL", help="Label, e.g. latest.")(function)
        return option("--version", "-v", metavar="VERSION", help="Version.")(function)

    return add


def max_results(default: int | None = None) -> Callable[[F], F]:
    """`--max-results`."""
    return option(
        "--max-results", "-r", type=click.IntRange(1), default=default, show_default=default is not None,
        metavar="N", help="At most so many.",
    )  # fmt: skip


def archived() -> Callable[[F], F]:
    """`--include-archived` and `--archived-only`."""

    def add(function: F) -> F:
        function = flag("--include-archived", help="Also what is archived.")(function)
        return flag("--archived-only", help="Only what is archived.")(function)

    return add


def changes() -> Callable[[F], F]:
    """`--set`, `--add`, `--remove` and `--force-string` of update."""

    def add(function: F) -> F:
        function = flag("--force-string", help="Take values of --set as text.")(function)
        function = option(
            "--remove", cls=Phrase, multiple=True, metavar="PATH [INDEX]", help="Remove a field or an item."
        )(function)
        function = option(
            "--add", cls=Phrase, multiple=True, metavar="PATH VALUE", help="Add an item to a list, or a key."
        )(function)
        return option("--set", "set_", cls=Words, multiple=True, metavar="PATH=VALUE ...", help="Set fields.")(function)

    return add


def view(*, include_archived: bool, archived_only: bool) -> str:
    """The `listViewType` of the two options of a list."""
    if include_archived and archived_only:
        raise click.UsageError("Give --include-archived or --archived-only, not both.")
    return "ArchivedOnly" if archived_only else "All" if include_archived else "ActiveOnly"
