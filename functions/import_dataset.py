"""Fetch a file from an address that a caller named, and make a dataset of it."""

from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict

from functions.registry import function
from shared import outbound, settings
from shared.errors import BadInput
from shared.state import catalog
from shared.state.datasets import plain_name, save_dataset
from shared.state.run import Run

TIMEOUT_S = 900


class ImportInput(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str
    name: str = ""  # that of the file, by default
    by: str = ""  # who asked


class ImportOutput(BaseModel):
    """`reference` names this very content; `version` is the dataset's."""

    dataset: str
    name: str
    version: int
    reference: str
    bytes: int


@function("import_dataset", ImportInput, ImportOutput, tier="cpu", timeout_s=TIMEOUT_S + 60, retries=2)
def import_dataset(input: ImportInput, run: Run) -> ImportOutput:
    """The dataset is named after the run, so that another attempt makes no second one. See `outbound.fetch` for what is refused."""
    name = plain_name(unquote(urlsplit(input.url).path))
    path = run.scratch / name
    if not outbound.fetch(input.url, path, settings.max_upload_bytes(), TIMEOUT_S):
        raise BadInput("The file is empty.", "Give the address of a table.")
    run.check()
    reference = save_dataset(run.store, path, run.workspace)
    made = catalog.add_version(
        run.store, run.workspace, f"ds-{run.id}", input.name or name, reference, path.stat().st_size, input.by or f"run {run.id}"
    )
    version = made.versions[-1]
    return ImportOutput(dataset=made.id, name=made.name, version=version.number, reference=version.reference, bytes=version.bytes)
