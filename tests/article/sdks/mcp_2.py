from mcp.server.mcpserver import Context, MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from serve import GUARD, add_tools, serve

mcp = MCPServer("mcp-2")
add_tools(mcp, Context)
serve(mcp.streamable_http_app(transport_security=TransportSecuritySettings(**GUARD)))
