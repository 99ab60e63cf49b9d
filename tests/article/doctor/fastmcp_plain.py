"""FastMCP as it comes."""

import uvicorn
from fastmcp import FastMCP

uvicorn.run(FastMCP("plain").http_app(), port=0, access_log=False)
