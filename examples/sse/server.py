"""Server-sent events that pages of other origins may read."""

from __future__ import annotations

import asyncio
import json
import os
from collections import deque
from collections.abc import AsyncIterable
from typing import Annotated

import uvicorn
from crossgate import CORSMiddleware
from fastapi import Body, FastAPI, Header, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent


def entries(name: str) -> list[str]:
    return [entry for entry in os.environ.get(name, "").split(",") if entry]


class News:
    def __init__(self) -> None:
        self.last = 0
        self.kept = deque[tuple[int, str]](maxlen=1000)
        self.changed = asyncio.Event()
        self.streams = 0

    def publish(self, text: str) -> int:
        self.last += 1
        self.kept.append((self.last, text))
        self.changed.set()
        self.changed = asyncio.Event()
        return self.last

    async def after(self, seen: int) -> AsyncIterable[tuple[int, str]]:
        while True:
            changed = self.changed
            for number, text in [item for item in self.kept if item[0] > seen]:
                yield number, text
                seen = number
            await changed.wait()

    def count(self, change: int) -> None:
        self.streams += change
        print(json.dumps({"streams": self.streams}), flush=True)


news = News()
news.publish("the news begin")
app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origins=entries("ALLOW_ORIGINS"),
    allow_hosts=entries("ALLOW_HOSTS"),
    allow_credentials=True,
    allow_methods=["GET", "POST"],
    # EventSource sends the second by itself; a page that uses fetch must be allowed to.
    allow_headers=["Content-Type", "Last-Event-ID"],
)


@app.get("/news", response_class=EventSourceResponse)
async def stream(
    response: Response,
    origin: Annotated[str, Header()] = "*",
    last_event_id: Annotated[int, Header()] = 0,
) -> AsyncIterable[ServerSentEvent]:
    # Many handlers have these two. They open nothing: what the policy says replaces them.
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Allow-Credentials"] = "true"
    news.count(+1)
    try:
        yield ServerSentEvent(retry=1000)
        # What the client missed: everything, when it is new.
        async for number, text in news.after(last_event_id):
            yield ServerSentEvent(id=str(number), data=text)
    finally:
        news.count(-1)


@app.post("/news", status_code=201)
async def publish(text: Annotated[str, Body(embed=True)]) -> dict[str, int]:
    return {"id": news.publish(text)}


if __name__ == "__main__":
    uvicorn.run(
        app,
        port=int(os.environ.get("PORT", "8001")),
        access_log=False,
        # Seconds for requests to end by themselves, which a stream does not.
        timeout_graceful_shutdown=1,
    )
