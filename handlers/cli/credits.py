"""`agentforge credits` and `agentforge usage`: money by hand, for whoever runs the platform."""

import json as jsons
import secrets
from typing import Annotated

import typer

from handlers.cli.app import AsJson, app
from shared.errors import BadInput

credits_app = typer.Typer(help="A workspace's credit.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(credits_app, name="credits")
Workspace = Annotated[str, typer.Option(metavar="NAME", help="The workspace.")]


@credits_app.command("add")
def add_command(
    dollars: Annotated[str, typer.Argument(help="An amount in dollars, such as 25 or 0.50.")],
    workspace: Workspace = "local",
    key: Annotated[str, typer.Option(help="A name of the payment: the same again adds nothing.")] = "",
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Add credit."""
    from shared.money.accounts import Accounts
    from shared.money.prices import dollars as written
    from shared.state import audit
    from shared.state.opening import open_store

    amount, store = micro(dollars), open_store()
    audit.note(store, workspace, "add_credit", "command line", amount=amount, reason=reason)
    account = Accounts(store).credit(workspace, f"manual-{key or secrets.token_hex(8)}", amount, by="command line", reason=reason)
    print(f"The balance of {workspace} is {written(account.balance)}.")


@credits_app.command("show")
def show_command(workspace: Workspace = "local", json: AsJson = False) -> None:
    """The balance, and what is held for runs that go on."""
    from shared.money.accounts import Accounts
    from shared.money.prices import dollars
    from shared.state.opening import open_store

    account = Accounts(open_store()).read(workspace)
    if json:
        print(jsons.dumps({"balance": account.balance, "held": account.held, "free": account.free}))
    else:
        print(f"{dollars(account.balance)}, of which {dollars(account.held)} are held for {len(account.holds)} runs.")


@credits_app.command("verify")
def verify_command(workspace: Workspace = "local") -> None:
    """Whether account and ledger agree to the micro-dollar. Exit code 1 if not."""
    from shared.money.accounts import Accounts, problems
    from shared.state.opening import open_store

    found = problems(Accounts(open_store()), workspace)
    print("\n".join(found) or "The account and the ledger agree.")
    raise typer.Exit(1 if found else 0)


@app.command("usage")
def usage_command(
    by: Annotated[str, typer.Option(help="day, run, key or function.")] = "day",
    since: Annotated[str, typer.Option(metavar="YYYY-MM-DD")] = "",
    until: Annotated[str, typer.Option(metavar="YYYY-MM-DD")] = "",
    sql: Annotated[str, typer.Option(help="A DuckDB query over the table `usage`.")] = "",
    workspace: Workspace = "local",
    json: AsJson = False,
) -> None:
    """What runs were charged."""
    from typing import get_args

    from shared.money import usage
    from shared.money.prices import dollars
    from shared.state.opening import open_store

    if by not in get_args(usage.By):
        raise BadInput(f"There is no usage by {by!r}.", f"Use one of {', '.join(get_args(usage.By))}.")
    rows = usage.usage_rows(open_store(), workspace, since, until)
    if sql:
        names, found = usage.query(rows, sql)
        print(jsons.dumps([dict(zip(names, row, strict=True)) for row in found], default=str, ensure_ascii=False, indent=2))
    elif json:
        print(jsons.dumps([row._asdict() for row in rows], ensure_ascii=False, indent=2))
    else:
        for total in usage.totals(rows, by):  # type: ignore[arg-type]
            print(f"{total.of:<24} {total.runs:>6} runs {total.seconds:>12.1f} s  {dollars(total.microdollars)}")


def micro(text: str) -> int:
    """Micro-dollars of an amount in dollars, exactly. BadInput."""
    from decimal import Decimal, InvalidOperation

    try:
        amount = Decimal(text.removeprefix("$")) * 10**6
        if amount == int(amount) and 0 < amount <= 10**15:
            return int(amount)
    except (InvalidOperation, ValueError, OverflowError):
        pass
    raise BadInput(f"{text!r} is no amount of dollars.", "Write 25 or 0.50, above 0 and with at most six digits after the point.")
