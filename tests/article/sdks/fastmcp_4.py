from fastmcp import Context, FastMCP
from serve import GUARD, add_tools, serve

mcp = FastMCP("fastmcp-4")
add_tools(mcp, Context)
serve(mcp.http_app(host_origin_protection=True, **GUARD))
