"""The official SDK's server, with CORS as its documentation has it and its guard as it is."""

import uvicorn
from mcp.server import MCPServer
from starlette.middleware.cors import CORSMiddleware

app = CORSMiddleware(
    MCPServer("guarded").streamable_http_app(),
    allow_origins=["https://app.example.com"],
    allow_methods=["GET", "POST", "DELETE"],
    allow_headers=["*"],
    expose_headers=["Mcp-Session-Id"],
)
uvicorn.run(app, port=0, access_log=False)
