"""Which commands there are and where they live. Help is printed from here, so that it loads nothing."""

from __future__ import annotations

NOUNS = {
    "job": "Submit, follow and fetch jobs.",
    "data": "Data assets: versioned files, folders and tables.",
    "model": "Models and their versions.",
    "environment": "Environments that jobs run in.",
    "component": "Components: reusable steps.",
    "datastore": "Datastores: where bytes are kept.",
    "compute": "Computes: where jobs run.",
    "schedule": "Schedules: jobs that are submitted by themselves.",
    "online-endpoint": "Online endpoints: addresses that answer requests at once.",
    "online-deployment": "Online deployments: what answers behind an online endpoint.",
    "batch-endpoint": "Batch endpoints: addresses whose calls begin jobs.",
    "batch-deployment": "Batch deployments: the model or pipeline behind a batch endpoint.",
    "serverless-endpoint": "Serverless endpoints: models of the catalog behind an address.",
    "marketplace-subscription": "Marketplace subscriptions: the terms of models that were taken.",
    "workspace": "Workspaces.",
    "connection": "Connections to services outside.",
    "registry": "Registries: assets shared between workspaces.",
}
"""The nouns of `az ml`, each in the module of its name."""

CATALOG = {
    "catalog": "The model catalog: look for models, bring them in.",
}
"""Models before they are here, in the module of its name."""

ACCESS = {
    "user": "Users: people and service principals who can sign in.",
    "role": "Roles: what may be done, and who may do it where.",
    "audit": "The audit trail: who changed what.",
    "key": "Keys that sign tokens and seal secrets.",
    "gateway": "The gateway through which endpoints are asked.",
}
"""People, rights and what an operator looks at, each in the module of its name."""

AUTHORED = {
    "notebook": "Notebooks: files of the workspace, kernels, and notebooks as jobs.",
}
"""What people write in the workspace itself, each in the module of its name."""

OBSERVED = {
    "monitor": "Monitors: what was measured of deployments; they are made with schedule.",
    "trace": "Traces: what applications and flows did for each request.",
}
"""What is seen of what runs, each in the module of its name."""

FLOWS = {
    "flow": "Prompt flows: make, try, serve and build them; keep them in a workspace.",
    "run": "Batch runs of flows.",
    "tool": "Tools that nodes of flows use.",
    "experiment": "Experiments: several flows over the same data.",
}
"""Flows: on this machine without a server, and as assets of a workspace; each in the module of its name."""

SERVER = {
    "up": "Start the server on this machine.",
    "down": "Stop it.",
    "status": "Tell whether it runs, and where.",
    "env": "Print exports that point the official clients here.",
}

OTHERS = {
    "studio": "Open the studio in a browser, signed in as you.",
    "completion": "Print the completion script of a shell.",
    "az": "Answer az commands: ml, login, account, configure, group.",
}


def _address(noun: str) -> str:
    """Where the command of a noun is, in the module of its name."""
    name = noun.replace("-", "_")
    return f"smalt.cli.{name}:{name}"


PF = {
    "flow": FLOWS["flow"],
    "run": FLOWS["run"],
    "connection": "Connections of this machine.",
    "tool": FLOWS["tool"],
    "experiment": FLOWS["experiment"],
    "config": "Settings.",
    "trace": "Traces.",
    "service": "Accepted; nothing has to run in the background.",
    "upgrade": "Tell how to upgrade.",
}
"""What the executable `pf` answers."""

IMPORT = "Take over what prompt flow has kept on this machine."

COMMANDS = {
    **{
        name: (_address(name), summary)
        for name, summary in (NOUNS | AUTHORED | CATALOG | FLOWS | OBSERVED | ACCESS).items()
    },
    **{name: (f"smalt.cli.server:{name}", summary) for name, summary in SERVER.items()},
    **{name: (f"smalt.cli.{name}:{name}", summary) for name, summary in OTHERS.items()},
    "import": ("smalt.cli.importing:importing", IMPORT),
}
"""Every command: where it is, and its line of help."""


def pf_help_text() -> str:
    """What `pf --help` prints."""
    width = max(map(len, PF)) + 2
    rows = (f"  {name:<{width}}{summary}" for name, summary in PF.items())
    return "\n".join(
        ["Usage: pf COMMAND ...", "", "  The commands of prompt flow, run by smalt.", "", "Commands:", *rows]
    )


def help_text() -> str:
    """What `smalt --help` prints."""
    width = max(map(len, COMMANDS)) + 2
    lines = [
        "Usage: smalt COMMAND ...",
        "",
        "  An open machine-learning platform that speaks Azure Machine Learning v2.",
    ]
    for title, group in (
        ("Server", SERVER),
        ("Nouns", NOUNS),
        ("Authored", AUTHORED),
        ("Models", CATALOG),
        ("Flows", FLOWS),
        ("Observed", OBSERVED),
        ("People and rights", ACCESS),
        ("Others", OTHERS | {"import": IMPORT}),
    ):
        lines += ["", f"{title}:", *(f"  {name:<{width}}{summary}" for name, summary in group.items())]
    lines += ["", "Options:", "  --version  Print the version.", "  --help     Print this page, or that of a command."]
    return "\n".join(lines)
