//! The names of a service in a Kubernetes cluster.
//! Source: <https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/>.

use alloc::{boxed::Box, format};

use crate::origin::LONGEST;

/// `.cluster.local`: what may be left out behind `svc`.
#[derive(Debug)]
pub(crate) struct ClusterDomain(Box<[u8]>);

impl ClusterDomain {
    pub(crate) fn new(domain: &str) -> Self {
        Self(format!(".{domain}").into_bytes().into())
    }

    /// `svc.ns.svc` of `svc.ns.svc.cluster.local[.]`.
    pub(crate) fn short<'h>(&self, host: &'h [u8]) -> Option<&'h [u8]> {
        let host = host.strip_suffix(b".").unwrap_or(host);
        host.strip_suffix(&*self.0).filter(|short| is_service(short))
    }

    /// The one name under which rules know a service: the full one. `None` when `host` is not
    /// another name of a service.
    pub(crate) fn full(&self, host: &[u8]) -> Option<Buffer> {
        let short = self.short(host).or_else(|| is_service(host).then_some(host))?;
        let mut full = Buffer::default();
        full.push(short)?;
        full.push(&self.0)?;
        Some(full)
    }
}

/// At least a service and a namespace before `svc`. Shorter names are public ones: `web.dev`.
/// A leading dot stands for any service, as in a rule's `.ns.svc`.
fn is_service(host: &[u8]) -> bool {
    let Some(name) = host.strip_suffix(b".svc") else { return false };
    let mut labels = name.split(|&byte| byte == b'.');
    let first = labels.next();
    first.is_some() && labels.clone().next().is_some() && labels.all(|label| !label.is_empty())
}

/// As many bytes as an origin can have, without an allocation.
pub(crate) struct Buffer {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Default for Buffer {
    fn default() -> Self {
        Self { bytes: [0; LONGEST], len: 0 }
    }
}

impl core::fmt::Write for Buffer {
    fn write_str(&mut self, written: &str) -> core::fmt::Result {
        self.push(written.as_bytes()).ok_or(core::fmt::Error)
    }
}

impl Buffer {
    /// `None` when there is no room: nothing so long can be known.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.len.checked_add(bytes.len())?;
        self.bytes.get_mut(self.len..end)?.copy_from_slice(bytes);
        self.len = end;
        Some(())
    }

    pub(crate) fn push_lower_case(&mut self, bytes: &[u8]) -> Option<()> {
        let start = self.len;
        self.push(bytes)?;
        self.bytes.get_mut(start..self.len)?.make_ascii_lowercase();
        Some(())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_names_of_a_service() {
        let cluster = ClusterDomain::new("cluster.local");
        for host in ["mcp.ns.svc", "mcp.ns.svc.cluster.local", "mcp.ns.svc.cluster.local."] {
            let full = cluster.full(host.as_bytes());
            assert_eq!(
                full.as_ref().map(Buffer::as_bytes),
                Some(b"mcp.ns.svc.cluster.local".as_slice())
            );
        }
        for host in [
            "mcp",
            "mcp.ns",
            "web.dev",
            "ns.svc",
            "mcp.ns.svc.cluster.local.attacker.com",
            "evil.cluster.local",
            "mcp.ns.xsvc",
        ] {
            assert!(cluster.full(host.as_bytes()).is_none(), "{host}");
        }
    }
}
