//! The command, run as a user would, against servers that do one thing wrong.

mod doctor;
mod mcp;
mod nginx;
mod offline;
mod server;
mod silence;
