//! The one name by which rules know an origin: what bindings hand to an application.

use crossgate::{Config, Policy};

#[test]
fn an_alias_goes_by_its_short_name() {
    let config = Config { cluster_domain: Some("cluster.local"), ..Config::DEFAULT };
    let policy = Policy::new(&config).expect("it is sound");
    for (origin, expected) in [
        ("http://web.shop.svc", Some("http://web.shop.svc")),
        ("http://web.shop.svc.cluster.local:8080", Some("http://web.shop.svc:8080")),
        ("http://web.shop.svc.cluster.local.", Some("http://web.shop.svc")),
        ("https://web.dev", Some("https://web.dev")),
        (
            "http://web.shop.svc.cluster.local.attacker.example",
            Some("http://web.shop.svc.cluster.local.attacker.example"),
        ),
        ("null", None),
        ("http://web.shop.svc/", None),
        ("", None),
    ] {
        let normalized = policy.normalized_origin(origin.as_bytes());
        assert_eq!(normalized.as_deref(), expected, "{origin}");
    }
}

#[test]
fn without_a_cluster_an_origin_is_what_it_is() {
    let policy = Policy::new(&Config::DEFAULT).expect("it is sound");
    let origin = b"http://web.shop.svc.cluster.local";
    let normalized = policy.normalized_origin(origin);
    assert_eq!(normalized.as_deref(), Some("http://web.shop.svc.cluster.local"));
}
