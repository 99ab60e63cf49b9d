"""An MCP server with the SDK's own authorization server, which has CORS headers of its own."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from typing import Any

import crossgate
import uvicorn
from mcp.server.auth.provider import AccessToken, AuthorizationCode, construct_redirect_uri
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.auth import OAuthToken


def entries(name: str) -> list[str]:
    return [entry for entry in os.environ.get(name, "").split(",") if entry]


def log(event: Any) -> None:
    print(json.dumps(event), flush=True)


class Provider:
    """Lets everybody in."""

    def __init__(self) -> None:
        self.clients: dict[str, Any] = {}
        self.codes: dict[str, AuthorizationCode] = {}
        self.tokens: dict[str, AccessToken] = {}

    async def get_client(self, client_id: str) -> Any:
        return self.clients.get(client_id)

    async def register_client(self, client_info: Any) -> None:
        self.clients[client_info.client_id] = client_info

    async def authorize(self, client: Any, params: Any) -> str:
        scopes = params.scopes or []
        log({"authorize": {"scope": " ".join(scopes), "resource": params.resource}})
        code = AuthorizationCode(
            code=f"code-{len(self.codes)}",
            scopes=scopes,
            expires_at=time.time() + 60,
            client_id=client.client_id,
            code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
            resource=params.resource,
        )
        self.codes[code.code] = code
        return construct_redirect_uri(str(params.redirect_uri), code=code.code, state=params.state)

    async def load_authorization_code(self, _client: Any, authorization_code: str) -> Any:
        return self.codes.get(authorization_code)

    async def exchange_authorization_code(
        self, client: Any, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        resource = authorization_code.resource
        log({"token": {"resource": resource}})
        token = AccessToken(
            token=f"token-{len(self.tokens)}",
            client_id=client.client_id,
            scopes=authorization_code.scopes,
            resource=resource,
        )
        self.tokens[token.token] = token
        return OAuthToken(access_token=token.token)

    async def load_access_token(self, token: str) -> AccessToken | None:
        return self.tokens.get(token)


# The issuer has the port in its name.
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
issuer = f"http://localhost:{listener.getsockname()[1]}"

provider: Any = Provider()
mcp = MCPServer(
    "sdk",
    auth_server_provider=provider,
    auth=AuthSettings(
        issuer_url=issuer,  # type: ignore[arg-type]
        resource_server_url=f"{issuer}/mcp",  # type: ignore[arg-type]
        required_scopes=["tools:call"],
        client_registration_options=ClientRegistrationOptions(
            enabled=True, valid_scopes=["tools:call"], default_scopes=["tools:call"]
        ),
        validate_token_resource=True,
    ),
)


@mcp.tool()
def echo(text: str) -> str:
    return text


policy: Any = {"allow_origins": entries("ALLOW_ORIGINS"), "allow_hosts": entries("ALLOW_HOSTS")}
security = TransportSecuritySettings(**crossgate.transport_security(**policy))
app = crossgate.CORSMiddleware(
    mcp.streamable_http_app(transport_security=security),
    **crossgate.mcp(
        **policy,
        discovery_paths=["/.well-known/*", "/register", "/token"],
        authorize_paths=["/authorize"],
    ),
)
print(f"listening on http://127.0.0.1:{issuer.rpartition(':')[2]}", file=sys.stderr)
uvicorn.Server(uvicorn.Config(app, access_log=False)).run(sockets=[listener])
