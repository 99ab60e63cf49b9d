"""Starlette's own middleware with the options given."""

import json
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


def api(request: Request) -> JSONResponse:
    return JSONResponse({})


app = Starlette(
    routes=[Route("/api", api)],
    middleware=[Middleware(CORSMiddleware, **json.loads(sys.argv[1]))],
)
uvicorn.run(app, port=0, access_log=False)
