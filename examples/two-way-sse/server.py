"""Messages both ways: server-sent events to the page, and each POST from it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import uuid
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

import anyio
import crossgate
import uvicorn
from crossgate import CORSMiddleware
from fastapi import Body, Depends, FastAPI, Header, HTTPException, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from mcp import types
from mcp.server.lowlevel import Server
from mcp.shared.message import SessionMessage
from pydantic import TypeAdapter, ValidationError


def entries(name: str) -> list[str]:
    return [entry for entry in os.environ.get(name, "").split(",") if entry]


PATIENCE = float(os.environ.get("RECONNECT_SECONDS", "30"))
MOST_KEPT = 1000
MESSAGES: TypeAdapter[types.JSONRPCMessage] = TypeAdapter(types.JSONRPCMessage)


class Event(NamedTuple):
    number: int
    name: str
    data: str


class Session:
    """Messages both ways between one client and this server. For the MCP SDK two streams."""

    def __init__(self, origin: str | None) -> None:
        # Whoever knows it may only write where the origin is right too.
        self.id = str(uuid.uuid4())
        # The page's that opened it; None for one of this server, or a program.
        self.origin = origin
        self.kept = deque[Event](maxlen=MOST_KEPT)
        self.last = 0
        self.changed = asyncio.Event()
        self.turn = 0
        self.leaving = self.leave()
        self.to_server, self.read = anyio.create_memory_object_stream[SessionMessage | Exception](
            MOST_KEPT
        )
        self.write, self.from_server = anyio.create_memory_object_stream[SessionMessage](0)
        self.publish("endpoint", f"/messages?session={self.id}")
        self.task = asyncio.create_task(self.run())

    async def run(self) -> None:
        async def forward() -> None:
            async for sent in self.from_server:
                data = sent.message.model_dump_json(by_alias=True, exclude_unset=True)
                self.publish("message", data)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(forward)
            await mcp.run(self.read, self.write, mcp.create_initialization_options())
            tasks.cancel_scope.cancel()

    def publish(self, name: str, data: str) -> None:
        self.last += 1
        self.kept.append(Event(self.last, name, data))
        self.wake()

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def stream(self, seen: int) -> AsyncGenerator[ServerSentEvent, None]:
        """All events from now on: a client that has come back has left its stream before."""
        self.leaving.cancel()
        if self.id not in sessions:
            return
        self.turn += 1
        turn = self.turn
        self.wake()
        try:
            yield ServerSentEvent(retry=1000)
            while self.turn == turn:
                changed = self.changed
                for event in [event for event in self.kept if event.number > seen]:
                    seen = event.number
                    yield ServerSentEvent(
                        id=f"{self.id}/{seen}", event=event.name, raw_data=event.data
                    )
                await changed.wait()
        finally:
            if self.turn == turn:
                self.leaving = self.leave()

    def leave(self) -> asyncio.TimerHandle:
        """Nobody listens; who does not come back in time is gone."""
        return asyncio.get_running_loop().call_later(PATIENCE, self.close)

    def close(self) -> None:
        self.leaving.cancel()
        self.task.cancel()
        sessions.pop(self.id, None)
        tell()


sessions: dict[str, Session] = {}


def tell() -> None:
    print(json.dumps({"sessions": len(sessions)}), flush=True)


@contextlib.asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    for session in list(sessions.values()):
        session.close()


app = FastAPI(lifespan=lifespan)
app.add_middleware(
    CORSMiddleware,
    **crossgate.mcp(
        allow_origins=entries("ALLOW_ORIGINS"),
        allow_hosts=entries("ALLOW_HOSTS"),
        allow_credentials=True,
    ),
)


def origin_of(request: Request) -> str | None:
    """A page of this server sends its origin with a POST, and none with a GET."""
    decision = crossgate.decision_of(request.scope)
    assert decision is not None
    return None if decision.verdict == "not-cors" else decision.origin


def find(name: str, request: Request) -> Session:
    """The session of this id, for whoever opened it."""
    if name not in sessions:
        raise HTTPException(404, "no such session")
    session = sessions[name]
    # The policy has let the origin in; this asks whether it is the one that was there before.
    now = origin_of(request)
    own = session.origin is None and now and urlsplit(now).netloc == request.headers["host"]
    if now != session.origin and not own:
        raise HTTPException(403, "another origin opened it")
    return session


class Opened(NamedTuple):
    session: Session
    seen: int


async def opened(request: Request, last_event_id: Annotated[str | None, Header()] = None) -> Opened:
    if last_event_id is not None:
        name, _, number = last_event_id.partition("/")
        return Opened(find(name, request), int(number) if number.isdecimal() else 0)
    session = Session(origin_of(request))
    sessions[session.id] = session
    tell()
    return Opened(session, 0)


@app.get("/sse", response_class=EventSourceResponse)
async def events(opened: Annotated[Opened, Depends(opened)]) -> AsyncIterator[ServerSentEvent]:
    async with contextlib.aclosing(opened.session.stream(opened.seen)) as stream:
        async for event in stream:
            yield event


@app.post("/messages", status_code=202)
async def message(request: Request, session: str, body: Annotated[Any, Body()]) -> None:
    found = find(session, request)
    try:
        received = MESSAGES.validate_python(body, by_name=False)
    except ValidationError:
        raise HTTPException(400, "no JSON-RPC message") from None
    try:
        found.to_server.send_nowait(SessionMessage(received))
    except anyio.WouldBlock:
        raise HTTPException(503, "too many messages wait") from None


async def list_tools(_context: Any, _params: Any) -> types.ListToolsResult:
    return types.ListToolsResult(
        tools=[
            types.Tool(
                name="echo",
                description="Says it again",
                input_schema={"type": "object", "properties": {"text": {"type": "string"}}},
            ),
            types.Tool(
                name="announce",
                description="Tells that the tools changed",
                input_schema={"type": "object"},
            ),
        ]
    )


async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
    text = "announced"
    if params.name == "announce":
        await context.session.send_tool_list_changed()
    else:
        text = str((params.arguments or {}).get("text"))
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)])


mcp = Server("two-way-sse", on_list_tools=list_tools, on_call_tool=call_tool)


if __name__ == "__main__":
    uvicorn.run(
        app,
        port=int(os.environ.get("PORT", "8001")),
        access_log=False,
        # Seconds for requests to end by themselves, which a stream does not.
        timeout_graceful_shutdown=1,
    )
