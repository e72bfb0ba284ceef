"""A small fake of Modal's cloud: the real SDK deploys to it, calls it and makes sandboxes in it, by gRPC as it does everywhere.

Containers are real too: the SDK's own container program, in a process of this machine whose folder holds what was mounted and
whose environment is the image's and the secrets'. They have the libraries of this machine, but of ours only what was mounted.
Processes in a sandbox are plain processes here: **nothing is confined**. `calls` has every request in order, for tests to look at.
"""

import asyncio
import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf.message import Message
from grpclib import GRPCError, Status
from grpclib.server import Server
from modal_proto import api_pb2, task_command_router_pb2
from modal_proto.api_grpc import ModalClientBase
from modal_proto.task_command_router_grpc import TaskCommandRouterBase

SUCCESS = api_pb2.GenericResult(status=api_pb2.GenericResult.GENERIC_STATUS_SUCCESS)
FOLDER = "/agentforge"  # of sandboxes: stands for a temporary folder here
FILE_TOOL = "/__modal/.bin/modal-sandbox-fs-tools"
NOT_INSTALLED = f"""
import importlib.metadata as metadata, sys
sys.path[:] = [path for path in sys.path if path != {str(Path(__file__).parent.parent)!r}]
found = metadata.Distribution.from_name
def from_name(name):
    if name == "agentforge":
        raise metadata.PackageNotFoundError(name)
    return found(name)
metadata.Distribution.from_name = from_name
"""  # images hold no package of ours, so containers must not find the one that this machine has


@dataclass
class Web:
    """A request to a web function, and what was answered until now."""

    scope: dict[str, Any]  # as in ASGI
    body: bytes
    answer: list[Any] = field(default_factory=list)  # ASGI's messages, as api_pb2.Asgi
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def status(self) -> int:
        return int(self.answer[0].http_response_start.status)

    def json(self) -> Any:
        return json.loads(b"".join(message.http_response_body.body for message in self.answer))


class Exec:
    """A command in a sandbox: a process, or the writing of one file."""

    def __init__(self, box: "Box", request: Any) -> None:
        self.args, self.output, self.done = list(request.command_args), {1: bytearray(), 2: bytearray()}, threading.Event()
        self.env = {key: value for source in request.secret_sources for key, value in source.env.contents.items()}
        self.process: subprocess.Popen[bytes] | None = None
        self.file: Path | None = None
        if self.args[0] == FILE_TOOL:
            self.file = box.path(json.loads(self.args[1])["WriteFile"]["path"])
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_bytes(b"")
            return
        program = [box.python if arg == "python" else str(box.path(arg)) if arg == FOLDER else arg for arg in self.args]
        self.process = subprocess.Popen(
            program, env=self.env, cwd="/", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        pipes = {1: self.process.stdout, 2: self.process.stderr}
        readers = [threading.Thread(target=self._read, args=(fd, pipe), daemon=True) for fd, pipe in pipes.items()]
        for reader in readers:
            reader.start()
        threading.Thread(target=lambda: [*(r.join() for r in readers), self.done.set()], daemon=True).start()

    def _read(self, fd: int, pipe: Any) -> None:
        while part := os.read(pipe.fileno(), 1 << 16):
            self.output[fd] += part

    def write(self, data: bytes) -> None:
        if self.file:
            with self.file.open("ab") as file:
                file.write(data)
        elif self.process and self.process.stdin:
            try:
                self.process.stdin.write(data)
                self.process.stdin.flush()
            except BrokenPipeError:
                raise GRPCError(Status.FAILED_PRECONDITION, "stdin is closed") from None

    def close(self) -> None:
        if self.file:
            self.done.set()
        elif self.process and self.process.stdin:
            self.process.stdin.close()

    def status(self) -> dict[str, int]:
        code = self.process.wait() if self.process else 0
        return {"signal": -code} if code < 0 else {"code": code}


class Box:
    """A sandbox."""

    def __init__(self, request: Any, python: str) -> None:
        self.request, self.definition, self.python = request, request.definition, python
        self.root = Path(tempfile.mkdtemp(prefix="modal-box-"))
        self.execs: dict[str, Exec] = {}

    def path(self, there: str) -> Path:
        return self.root / there.lstrip("/")

    def end(self) -> None:
        for run in self.execs.values():
            if run.process:
                run.process.kill()
        shutil.rmtree(self.root, ignore_errors=True)


class Cloud:
    """One method for each call that the SDK makes; those that are not here are UNIMPLEMENTED."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.secrets: dict[str, dict[str, str]] = {}
        self.files: dict[str, bytes] = {}  # SHA-256 → content
        self.mounts: dict[str, Any] = {}
        self.images: dict[str, Any] = {}
        self.published: dict[str, str] = {}
        self.functions: dict[str, Any] = {}  # id → definition
        self.deployed: dict[str, str] = {}  # name → id
        self.inputs: dict[str, list[Any]] = {}  # function → what waits for a container
        self.outputs: list[Any] = []
        self.webs: dict[str, Web] = {}  # by function call
        self.boxes: dict[str, Box] = {}
        self.containers: list[subprocess.Popen[bytes]] = []
        self.folders: list[Path] = []  # theirs
        self.run_containers = True
        self.python = sys.executable  # of sandboxes
        self.trouble: Callable[[str, Message], None] = lambda name, request: None  # may raise before a call takes effect
        self.hold: Callable[[str], bool] = lambda name: False  # whether a call has to wait
        self.lose: Callable[[str], bool] = lambda name: False  # whether the answer of a call gets lost
        self.port = 0

    def sent(self, name: str) -> list[Any]:
        return [request for call, request in self.calls if call == name]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ClientHello(self, request: Any) -> Any:
        return api_pb2.ClientHelloResponse()

    def AuthTokenGet(self, request: Any) -> Any:
        return api_pb2.AuthTokenGetResponse(token="x.eyJleHAiOjk5OTk5OTk5OTl9.x")  # expires in 2286

    def EnvironmentGetOrCreate(self, request: Any) -> Any:
        settings = api_pb2.EnvironmentSettings(image_builder_version="2026.10")
        metadata = api_pb2.EnvironmentMetadata(name="main", settings=settings)
        return api_pb2.EnvironmentGetOrCreateResponse(environment_id="en-1", metadata=metadata)

    def AppGetOrCreate(self, request: Any) -> Any:
        return api_pb2.AppGetOrCreateResponse(app_id="ap-1")

    def AppCreate(self, request: Any) -> Any:
        return api_pb2.AppCreateResponse(app_id="ap-1", app_page_url="http://127.0.0.1/app")

    def AppGetByDeploymentName(self, request: Any) -> Any:
        return api_pb2.AppGetByDeploymentNameResponse()

    def AppGetLayout(self, request: Any) -> Any:
        return api_pb2.AppGetLayoutResponse(app_layout=self._layout())

    def AppPublish(self, request: Any) -> Any:
        self.deployed = dict(request.function_ids)
        return api_pb2.AppPublishResponse(url="http://127.0.0.1/app")

    def AppClientDisconnect(self, request: Any) -> Any:
        return _empty()

    def AppHeartbeat(self, request: Any) -> Any:
        return _empty()

    async def AppGetLogs(self, request: Any) -> AsyncIterator[Any]:
        yield api_pb2.TaskLogsBatch(app_done=True)

    def SecretGetOrCreate(self, request: Any) -> Any:
        if request.deployment_name not in self.secrets:
            raise GRPCError(Status.NOT_FOUND, f"Secret '{request.deployment_name}' not found")
        return api_pb2.SecretGetOrCreateResponse(secret_id=f"st-{request.deployment_name}")

    def VolumeGetOrCreate(self, request: Any) -> Any:
        return api_pb2.VolumeGetOrCreateResponse(volume_id=f"vo-{request.deployment_name}")

    def MountBatchedCheckExistence(self, request: Any) -> Any:
        missing = [sha for sha in request.sha256_hex_hashes if sha not in self.files]
        return api_pb2.MountBatchedCheckExistenceResponse(missing_sha256_hex_hashes=missing)

    def MountPutFile(self, request: Any) -> Any:
        if request.data:
            self.files[request.sha256_hex] = request.data
        return api_pb2.MountPutFileResponse(exists=True)

    def MountGetOrCreate(self, request: Any) -> Any:
        id = f"mo-{_hash(request)}"
        self.mounts[id] = request
        return api_pb2.MountGetOrCreateResponse(mount_id=id)

    def ImageGetOrCreate(self, request: Any) -> Any:
        id = f"im-{_hash(request.image)}"
        self.images[id] = request.image
        metadata = api_pb2.ImageMetadata(image_builder_version="2026.10")
        return api_pb2.ImageGetOrCreateResponse(image_id=id, result=SUCCESS, metadata=metadata)

    def ImagePublish(self, request: Any) -> Any:
        self.published[_short(request.tag)] = request.image_id
        return api_pb2.ImagePublishResponse()

    def ImageGetByTag(self, request: Any) -> Any:
        if _short(request.tag) not in self.published:
            raise GRPCError(Status.NOT_FOUND, f"Image '{request.tag}' not found")
        return api_pb2.ImageGetByTagResponse(image_id=self.published[_short(request.tag)])

    def FunctionPrecreate(self, request: Any) -> Any:
        id = _function_id(request.function_name)
        metadata = _function_metadata(request.function_name)
        return api_pb2.FunctionPrecreateResponse(function_id=id, handle_metadata=metadata)

    def FunctionCreate(self, request: Any) -> Any:
        definition = request.function
        id = _function_id(definition.function_name)
        self.functions[id] = definition
        metadata = _function_metadata(definition.function_name)
        data = _function_data(definition)
        return api_pb2.FunctionCreateResponse(function_id=id, function=definition, handle_metadata=metadata, function_data=data)

    def FunctionGet(self, request: Any) -> Any:
        if request.object_tag not in self.deployed:
            raise GRPCError(Status.NOT_FOUND, f"App '{request.app_name}' not found")
        id, metadata = self.deployed[request.object_tag], _function_metadata(request.object_tag)
        data = _function_data(self.functions[id])
        return api_pb2.FunctionGetResponse(function_id=id, handle_metadata=metadata, function=data)

    def FunctionMap(self, request: Any) -> Any:
        call = f"fc-{len(self.sent('FunctionMap'))}"
        items = []
        for item in request.pipelined_inputs:
            self._start_container(request.function_id, {call: item.input})
            items.append(api_pb2.FunctionPutInputsResponseItem(idx=item.idx, input_id=f"in-{call}", input_jwt="jwt"))
        return api_pb2.FunctionMapResponse(function_call_id=call, pipelined_inputs=items)

    def ContainerHello(self, request: Any) -> Any:
        return _empty()

    def ContainerHeartbeat(self, request: Any) -> Any:
        return api_pb2.ContainerHeartbeatResponse()

    def TaskResult(self, request: Any) -> Any:
        return _empty()

    def FunctionGetInputs(self, request: Any) -> Any:
        waiting = self.inputs.get(request.function_id)
        item = waiting.pop(0) if waiting else api_pb2.FunctionGetInputsItem(kill_switch=True)
        return api_pb2.FunctionGetInputsResponse(inputs=[item])

    def FunctionPutOutputs(self, request: Any) -> Any:
        self.outputs += request.outputs
        for output in request.outputs:
            if web := self.webs.get(output.input_id.removeprefix("in-")):
                web.over.set()
        return _empty()

    async def FunctionCallGetDataIn(self, request: Any) -> AsyncIterator[Any]:
        web = self.webs[request.function_call_id]
        if not request.last_index:
            message = api_pb2.Asgi(http_request=api_pb2.Asgi.HttpRequest(body=web.body))
            yield api_pb2.DataChunk(data_format=api_pb2.DATA_FORMAT_ASGI, data=message.SerializeToString(), index=1)
        while not web.over.is_set():
            await asyncio.sleep(0.01)

    def FunctionCallPutDataOut(self, request: Any) -> Any:
        chunks = [chunk for chunk in request.data_chunks if chunk.data_format == api_pb2.DATA_FORMAT_ASGI]
        self.webs[request.function_call_id].answer += [api_pb2.Asgi.FromString(chunk.data) for chunk in chunks]
        return _empty()

    def browse(self, name: str, *requests: tuple[str, str, dict[str, str], bytes]) -> list[Web]:
        """Requests (method, path, headers, body) as Modal hands them to one container of a web function; the answers, once they are whole."""
        made = {}
        for number, (method, path, headers, body) in enumerate(requests, len(self.webs)):
            told = [(key.lower().encode(), value.encode()) for key, value in {"host": "web.modal.example", **headers}.items()]
            scope = {"type": "http", "http_version": "1.1", "scheme": "https", "method": method, "path": path, "query_string": b""}
            made[f"fc-web-{number}"] = Web({**scope, "headers": told}, body)
        self.webs |= made
        inputs = {call: ((web.scope,), {}) for call, web in made.items()}
        pickled = {
            call: api_pb2.FunctionInput(args=pickle.dumps(input), data_format=api_pb2.DATA_FORMAT_PICKLE)
            for call, input in inputs.items()
        }
        self._start_container(self.deployed[name], pickled)
        wait_until(lambda: self.containers[-1].poll() is not None or all(web.over.is_set() for web in made.values()))
        assert all(web.over.is_set() for web in made.values()), "the container ended before"
        return list(made.values())

    def SandboxCreateV2(self, request: Any) -> Any:
        id = f"sb-{len(self.boxes) + 1:022d}V"
        self.boxes[id] = Box(request, self.python)
        return api_pb2.SandboxCreateV2Response(sandbox_id=id, task_id=f"ta-{id}", command_router_access=self._access())

    def SandboxGetCommandRouterAccess(self, request: Any) -> Any:
        return api_pb2.SandboxGetCommandRouterAccessResponse(url=self.url, jwt=self._access().jwt)

    def SandboxTerminateV2(self, request: Any) -> Any:
        self.boxes[request.sandbox_id].end()
        return api_pb2.SandboxTerminateResponse()

    def TaskExecStart(self, request: Any) -> Any:
        box = self.boxes[request.task_id.removeprefix("ta-")]
        box.execs[request.exec_id] = Exec(box, request)
        return task_command_router_pb2.TaskExecStartResponse()

    def TaskExecStdinWrite(self, request: Any) -> Any:
        self._exec(request).write(request.data)
        return task_command_router_pb2.TaskExecStdinWriteResponse()

    async def TaskExecStdioRead(self, request: Any) -> AsyncIterator[Any]:
        run, offset = self._exec(request), request.offset
        output = run.output[request.file_descriptor - task_command_router_pb2.TASK_EXEC_STDIO_FILE_DESCRIPTOR_STDOUT + 1]
        while True:
            over = run.done.is_set()
            while part := bytes(output[offset : offset + (1 << 18)]):
                offset += len(part)
                yield task_command_router_pb2.TaskExecStdioReadResponse(data=part)
            if over:
                return
            await asyncio.sleep(0.005)

    async def TaskExecPoll(self, request: Any) -> Any:
        run = self._exec(request)
        return task_command_router_pb2.TaskExecPollResponse(**(run.status() if run.done.is_set() else {}))

    async def TaskExecWait(self, request: Any) -> Any:
        run = self._exec(request)
        while not run.done.is_set():
            await asyncio.sleep(0.005)
        return task_command_router_pb2.TaskExecWaitResponse(**run.status())

    def _exec(self, request: Any) -> Exec:
        return self.boxes[request.task_id.removeprefix("ta-")].execs[request.exec_id]

    def _access(self) -> Any:
        return api_pb2.CommandRouterAccess(url=self.url, jwt="x.eyJleHAiOjk5OTk5OTk5OTl9.x")

    def _layout(self) -> Any:
        names = {definition.function_name: id for id, definition in self.functions.items()}
        objects = [api_pb2.Object(object_id=id, function_handle_metadata=_function_metadata(name)) for name, id in names.items()]
        needed = {dep.object_id for definition in self.functions.values() for dep in definition.object_dependencies}
        return api_pb2.AppLayout(objects=[*objects, *(api_pb2.Object(object_id=id) for id in needed)], function_ids=names)

    def environment_of(self, image: str) -> dict[str, str]:
        """What an image's layers put into the environment."""
        definition, found = self.images[image], {}
        for base in definition.base_images:
            found |= self.environment_of(base.image_id)
        for line in definition.dockerfile_commands:
            if line.startswith("ENV "):
                name, _, value = line.removeprefix("ENV ").partition("=")
                found[name] = value.strip("'\"")
        return found

    def _start_container(self, function_id: str, inputs: dict[str, Any]) -> None:
        """A container of one function, for these inputs by call."""
        definition, task = self.functions[function_id], f"ta-{next(iter(inputs))}"
        if not self.run_containers:
            return
        self.inputs.setdefault(function_id, []).extend(
            api_pb2.FunctionGetInputsItem(input_id=f"in-{call}", input=input, function_call_id=call) for call, input in inputs.items()
        )
        root = Path(tempfile.mkdtemp(prefix="modal-container-"))
        self.folders.append(root)
        for mount in definition.mount_ids:
            for file in self.mounts[mount].files:
                if file.sha256_hex in self.files:
                    path = root / file.filename.removeprefix("/root").lstrip("/")
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(self.files[file.sha256_hex])
        arguments = api_pb2.ContainerArguments(
            task_id=task, function_id=function_id, app_id="ap-1", function_def=definition, app_layout=self._layout(),
            environment_name="main",
        )  # fmt: skip
        (root / "arguments").write_bytes(arguments.SerializeToString())
        (root / "sitecustomize.py").write_text(NOT_INSTALLED)
        secrets = [self.secrets[id.removeprefix("st-")] for id in definition.secret_ids]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(root), "HOME": str(root)} | self.environment_of(definition.image_id)
        for secret in secrets:
            environment |= secret
        environment |= {
            "MODAL_SERVER_URL": self.url, "MODAL_IS_REMOTE": "1", "MODAL_TASK_ID": task, "MODAL_ENVIRONMENT": "main",
            "MODAL_CONTAINER_ARGUMENTS_PATH": str(root / "arguments"),
        }  # fmt: skip
        program = [sys.executable, "-m", "modal._container_entrypoint"]
        self.containers.append(subprocess.Popen(program, cwd=root, env=environment))


def _servicer(cloud: Cloud, base: type) -> Any:
    """A gRPC service whose every call is the method of the cloud of the same name."""

    def made(name: str) -> Any:
        async def call(self: Any, stream: Any) -> None:
            request = await stream.recv_message()
            if name == "TaskExecStdinWriteStream":
                run = cloud._exec(request.start)
                while (part := await stream.recv_message()) is not None and part.WhichOneof("payload") == "data":
                    run.write(part.data)
                run.close()
                return await stream.send_message(task_command_router_pb2.TaskExecStdinWriteStreamResponse())
            cloud.calls.append((name, request))
            cloud.trouble(name, request)
            while cloud.hold(name):
                await asyncio.sleep(0.02)
            method = getattr(cloud, name, None)
            if method is None:
                raise GRPCError(Status.UNIMPLEMENTED, name)
            reply = method(request)
            if hasattr(reply, "__aiter__"):
                async for item in reply:
                    await stream.send_message(item)
                return None
            if asyncio.iscoroutine(reply):
                reply = await reply
            if cloud.lose(name):
                raise GRPCError(Status.INTERNAL, "the answer was lost")
            await stream.send_message(reply)

        return call

    names = base.__abstractmethods__  # type: ignore[attr-defined]
    return type("Servicer", (base,), {name: made(name) for name in names})()


@contextmanager
def modal_cloud() -> Iterator[Cloud]:
    """A cloud that listens on a port of this machine."""
    cloud, loop, started = Cloud(), asyncio.new_event_loop(), threading.Event()
    server: list[Server] = []

    async def serve() -> None:
        server.append(Server([_servicer(cloud, ModalClientBase), _servicer(cloud, TaskCommandRouterBase)]))
        await server[0].start("127.0.0.1", 0)
        cloud.port = server[0]._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        started.set()
        await server[0].wait_closed()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    started.wait()
    try:
        yield cloud
    finally:
        for box in cloud.boxes.values():
            box.end()
        for container in cloud.containers:
            container.kill()
            container.wait()
        for folder in cloud.folders:
            shutil.rmtree(folder, ignore_errors=True)
        loop.call_soon_threadsafe(server[0].close)
        thread.join(5)


def wait_until(true: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + 4 * seconds  # for busy machines: nothing is measured here
    while not true():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def _empty() -> Any:
    from google.protobuf import empty_pb2

    return empty_pb2.Empty()


def _hash(message: Message) -> str:
    return hashlib.sha256(message.SerializeToString(deterministic=True)).hexdigest()[:22]


def _short(tag: str) -> str:
    return tag.rpartition("/")[2].partition(":")[0]


def _function_id(name: str) -> str:
    return "fu-" + name.replace("-", "")  # the SDK wants one dash


def _function_data(definition: Any) -> Any:
    return api_pb2.FunctionData(ranked_functions=[api_pb2.FunctionData.RankedFunction(function=definition)])


def _function_metadata(name: str) -> Any:
    return api_pb2.FunctionHandleMetadata(
        function_name=name, function_type=api_pb2.Function.FUNCTION_TYPE_FUNCTION,
        supported_input_formats=[api_pb2.DATA_FORMAT_PICKLE], supported_output_formats=[api_pb2.DATA_FORMAT_PICKLE],
    )  # fmt: skip
