from mcp.server.fastmcp import Context, FastMCP
from mcp.server.transport_security import TransportSecuritySettings
from serve import GUARD, add_tools, serve

mcp = FastMCP("mcp-1", transport_security=TransportSecuritySettings(**GUARD))
add_tools(mcp, Context)
serve(mcp.streamable_http_app())
