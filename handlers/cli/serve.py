"""`agentforge serve` and `agentforge keys`: the web server on this machine, and who may use it."""

import json as jsons
import logging
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from handlers.cli.app import AsJson, app
from shared.errors import BadInput

if TYPE_CHECKING:
    from shared.identity.caller import Caller
    from shared.state.store import Store

keys_app = typer.Typer(help="API keys.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(keys_app, name="keys")
Workspace = Annotated[str, typer.Option(metavar="NAME", help="The workspace.")]


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any that is free.")] = 8000,
) -> None:
    """Serve the API over HTTP. With AGENTFORGE_BACKEND=local, processes of this machine work on the runs.

    The first time, it makes an API key for the workspace `local` and prints it once; not where people sign in (AGENTFORGE_OIDC_ISSUER).
    """
    import gc
    import socket

    gc.disable()  # what a start makes, stays: to look through it again and again took a tenth of the time
    import uvicorn

    from shared import settings
    from shared.state.opening import open_store

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", stream=sys.stderr, force=True)
    try:
        listening = socket.create_server((host, port))
    except OSError as error:
        raise BadInput(f"{host}:{port} cannot be listened on ({error.strerror}).", "Choose another --port.") from None
    store = open_store()
    store.probe()
    config = uvicorn.Config(
        "web.app:create_app", factory=True, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=5
    )
    config.load()  # before anything is made or said: a setting may be wrong
    gc.freeze()
    gc.enable()
    if settings.sign_in() is None:
        _first_key(store)
    print(f"Listening on http://{host}:{listening.getsockname()[1]} (API: /docs/api). The store is {store.url}.", flush=True)
    uvicorn.Server(config).run(sockets=[listening])


def _first_key(store: "Store") -> None:
    """On a machine of one's own, where nobody signs in: one key with all permissions, made and shown once."""
    from shared.identity.keys import create_key, list_keys

    if not list_keys(store, "local"):
        _, text = create_key(store, "local", "first key", sorted(_operator("local").permissions), _operator("local"))
        print(f"Your API key, shown only this once: {text}", flush=True)


@keys_app.command("create")
def create_command(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[list[str] | None, typer.Option(help="A permission, such as runs:write; may be repeated. All by default.")] = None,
    days: Annotated[float | None, typer.Option(min=0.001, help="After which it expires.")] = None,
    workspace: Workspace = "local",
) -> None:
    """Make a key and print it, once."""
    from shared.identity.keys import create_key
    from shared.identity.permissions import ALL
    from shared.state.opening import open_store

    if unknown := set(scope or ()) - ALL:
        raise BadInput(f"There is no permission {min(unknown)!r}.", f"There are: {', '.join(sorted(ALL))}.")
    scopes = sorted(permission for permission in ALL if not scope or permission in scope)
    _, text = create_key(open_store(), workspace, name, scopes, _operator(workspace), expires_s=days * 86_400 if days else None)
    print(text)


@keys_app.command("list")
def list_command(workspace: Workspace = "local", json: AsJson = False) -> None:
    """The keys of a workspace; not the texts, which nobody has."""
    from shared.identity.keys import list_keys
    from shared.state.opening import open_store

    found = list_keys(open_store(), workspace)
    if json:
        print(jsons.dumps([key.model_dump(exclude={"sha256", "version"}) for key in found], ensure_ascii=False, indent=2))
        return
    for key in found:
        state = "revoked" if key.revoked else f"expires {key.expires[:19]}" if key.expires else "good"
        print(f"{key.id}  {state:<28} {key.name}  ({len(key.scopes)} permissions)")


@keys_app.command("revoke")
def revoke_command(id: Annotated[str, typer.Argument(help="The key's id.")], workspace: Workspace = "local") -> None:
    """Refuse a key from now on."""
    from shared.identity.keys import revoke_key
    from shared.state.opening import open_store

    revoke_key(open_store(), workspace, id, "command line")
    print("Revoked.")


def _operator(workspace: str) -> "Caller":
    """Whoever may read the store may do anything."""
    from shared.identity.caller import Caller
    from shared.identity.permissions import ALL

    return Caller(workspace, "command line", ALL)
