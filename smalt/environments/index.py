"""How this machine reaches packages: the variables that the resolver gets, and those that `pip` in a job gets.

uv does not read pip's configuration, so what the machine's owner told pip is translated. Nothing else of the server's
environment reaches the resolver, which runs code of the packages that it builds.
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

_PASSED = {
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "NETRC", "SYSTEMROOT"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "CC", "CXX", "CFLAGS", "CPPFLAGS", "LDFLAGS", "MAKEFLAGS", "PKG_CONFIG_PATH"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME"),
}
_PASSED_PREFIXES = ("UV_", "PIP_", "LC_")
_NEVER = ("UV_PUBLISH_", "UV_PROJECT", "UV_WORKING_", "UV_PYTHON", "UV_TOOL_", "UV_TARGET", "UV_SYSTEM_PYTHON")
_CONDA_PREFIXES = ("CONDA_", "CONDARC", "MAMBA_", "MAMBARC", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# Where the server itself was started from an activated environment.
_CONDA_NEVER = ("CONDA_PREFIX", "CONDA_SHLVL", "CONDA_DEFAULT_ENV", "CONDA_PROMPT", "CONDA_PYTHON_EXE", "CONDA_PKGS")
_TRANSLATED = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
    "constraint": "UV_CONSTRAINT",
}
# uv parts lists of find-links at commas, and all others at spaces, as pip does.
_COMMA = {"UV_FIND_LINKS"}


def resolver_variables(environ: Mapping[str, str], *, cache: Path) -> dict[str, str]:
    """The whole environment of the resolver: an allow-list of `environ`, and pip's settings in uv's words."""
    variables = {name: value for name, value in environ.items() if _is_passed(name)}
    for setting, value in pip_settings(environ).items():
        name = _TRANSLATED.get(setting)
        if name is not None and name not in variables and value.strip():
            variables[name] = (",".join if name in _COMMA else " ".join)(value.split())
            if setting == "extra-index-url":
                # pip looks at all indexes alike; uv would stop at the first that knows a name.
                variables.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
        elif setting == "no-index" and value.strip().lower() in {"1", "true", "yes", "on"}:
            variables.setdefault("UV_NO_INDEX", "1")
    variables.setdefault("UV_CACHE_DIR", str(cache))
    variables.setdefault("UV_LINK_MODE", "hardlink")
    variables["UV_NO_PROGRESS"] = "1"
    # A pyproject.toml that happens to lie above the home folder must not choose packages; the machine's uv.toml may.
    settings = variables.get("UV_CONFIG_FILE") or _uv_settings(environ)
    variables |= {"UV_CONFIG_FILE": settings} if settings else {"UV_NO_CONFIG": "1"}
    return variables


def program_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a conda program: an allow-list of `environ`, with the machine's settings for conda."""
    passed = (*_CONDA_PREFIXES, "LC_")
    return {
        name: value
        for name, value in environ.items()
        if (name.upper() in _PASSED or name.startswith(passed)) and not name.startswith(_CONDA_NEVER)
    }


def pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings pip would use for `install`: its variables first, then its configuration files."""
    found: dict[str, str] = {}
    for path in _pip_files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (OSError, configparser.Error, UnicodeDecodeError):
            continue  # pip itself will tell the owner
        for section in ("global", "install"):
            if parser.has_section(section):
                found.update(parser.items(section))
    for name, value in environ.items():
        if name.startswith("PIP_") and value:
            found[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    return found


def job_variables(*, constraints: Path | None, cache: Path, find_links: Iterable[str], offline: bool) -> dict[str, str]:
    """What makes `pip install` inside a job follow the operator: constraints, wheels at hand, no network."""
    variables = {
        "PIP_CACHE_DIR": str(cache),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }
    if constraints is not None:
        # pip parts the value at spaces, so a path with spaces goes as a URL.
        variables["PIP_CONSTRAINT"] = str(constraints) if " " not in str(constraints) else constraints.as_uri()
    links = [*find_links, *os.environ.get("PIP_FIND_LINKS", "").split()]
    if links:
        variables["PIP_FIND_LINKS"] = " ".join(dict.fromkeys(links))
    if offline:
        variables["PIP_NO_INDEX"] = "1"
    return variables


def _is_passed(name: str) -> bool:
    if name.startswith(_NEVER):
        return False
    return name.upper() in _PASSED or name.startswith(_PASSED_PREFIXES)


def _config_home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or Path.home()) / ".config")


def _pip_files(environ: Mapping[str, str]) -> list[Path]:
    chosen = environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return []
    files = [Path(folder) / "pip" / "pip.conf" for folder in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")]
    files += [Path("/etc/pip.conf")]
    files += [
        Path(environ.get("HOME") or Path.home()) / ".pip" / "pip.conf",
        _config_home(environ) / "pip" / "pip.conf",
    ]
    files += [Path(sys.prefix) / "pip.conf"]
    return [*files, Path(chosen)] if chosen else files


def _uv_settings(environ: Mapping[str, str]) -> str | None:
    for path in (_config_home(environ) / "uv" / "uv.toml", Path("/etc/uv/uv.toml")):
        if path.is_file():
            return str(path)
    return None
