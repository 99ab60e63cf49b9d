//! An MCP server in axum, behind Crossgate: `cargo run`, then call `http://127.0.0.1:8000/mcp`.
//!
//! `ALLOW_ORIGINS` and `ALLOW_HOSTS` are lists with commas.

use crossgate::{Config, Paths, PolicySet, tower::CorsLayer};
use rmcp::{
    ServerHandler,
    handler::server::wrapper::Parameters,
    schemars, tool, tool_handler, tool_router,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let origins = list("ALLOW_ORIGINS", "http://localhost:*");
    let hosts = list("ALLOW_HOSTS", "");
    let policies = PolicySet::mcp(
        &Config { allow_origins: &strs(&origins), allow_hosts: Some(&strs(&hosts)), ..Config::MCP },
        &Paths { health: &["/healthz"], ..Paths::NONE },
    )?;
    // The policy checks Host and Origin, so the SDK's own lists need not be kept equal to it.
    let config =
        StreamableHttpServerConfig::default().disable_allowed_hosts().disable_allowed_origins();
    let mcp =
        StreamableHttpService::new(|| Ok(Echo), LocalSessionManager::default().into(), config);
    let app = axum::Router::new()
        .route("/healthz", axum::routing::get(|| async { "ok" }))
        .nest_service("/mcp", mcp)
        // Outermost, so that whatever is below answers readably.
        .layer(CorsLayer::new(policies).on_decision(|request, decision| {
            let origin = String::from_utf8_lossy(request.origin.unwrap_or_default());
            let method = String::from_utf8_lossy(request.method);
            match decision.denial() {
                Some(denial) => println!("{method} from {origin:?}: {denial}"),
                None => println!("{method} from {origin:?}: allowed"),
            }
        }));
    let address = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8000".into());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}/mcp", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

#[derive(Clone)]
struct Echo;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct EchoRequest {
    text: String,
}

#[tool_router]
impl Echo {
    #[tool(description = "Says what it is told")]
    fn echo(&self, Parameters(EchoRequest { text }): Parameters<EchoRequest>) -> String {
        text
    }
}

#[tool_handler]
impl ServerHandler for Echo {}

fn list(name: &str, default: &str) -> Vec<String> {
    let value = std::env::var(name).unwrap_or_else(|_| default.into());
    value.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(String::from).collect()
}

fn strs(strings: &[String]) -> Vec<&str> {
    strings.iter().map(String::as_str).collect()
}
