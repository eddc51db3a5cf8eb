//! Health, metrics, logs, request ids, and the small page.

use counterfoil_tests::Server;

#[test]
fn it_tells_how_it_is_doing() {
    let server = Server::started();
    server.ann("recorded");
    assert_eq!(server.get("/healthz", &[]).status, 200);
    assert_eq!(server.get("/readyz", &[]).json()["ready"], true);
    let metrics = server.get("/metrics", &[]);
    assert!(metrics.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    assert!(metrics.body.ends_with("# EOF\n"));
    let value = |name: &str| {
        let line = metrics.body.lines().find(|line| line.starts_with(name) && !line.starts_with('#'));
        line.unwrap_or_else(|| panic!("no {name}: {}", metrics.body))
            .rsplit(' ')
            .next()
            .unwrap()
            .parse::<f64>()
            .unwrap()
    };
    assert!((value("counterfoil_logins_total") - 1.0).abs() < f64::EPSILON);
    assert!(value("counterfoil_tokens_issued_total") >= 1.0);
    let echoed = server.get("/healthz", &[("x-request-id", "abc-123")]);
    assert_eq!(echoed.header("x-request-id"), Some("abc-123"));
    let made = server.get("/healthz", &[("x-request-id", "<script>")]);
    assert!(!made.header("x-request-id").unwrap().contains('<'));
}

#[test]
fn the_start_says_where_it_listens_how_to_begin_and_what_it_took() {
    let mut server = Server::empty(&[]);
    server.start(&[]);
    let [listens, data, link, took] = server.greeting() else { panic!("{:?}", server.greeting()) };
    assert_eq!(*listens, format!("Counterfoil {} listening on {}", env!("CARGO_PKG_VERSION"), server.url));
    assert!(data.ends_with(&server.data().display().to_string()), "{data}");
    assert!(took.contains(" ms, using ") && took.ends_with(" MiB"), "{took}");
    let link = link.split(' ').find(|word| word.starts_with("http")).unwrap().to_owned();
    let page = server.get(link.trim_start_matches(&server.url), &[]);
    assert_eq!(page.status, 200, "the link is good");
    assert!(!server.log().contains("/setup"), "the link is in no log");
    // With an administrator there is nothing to set up.
    server.add_user("root@example.test", true);
    server.stop();
    server.start(&[]);
    assert!(!server.greeting().iter().any(|line| line.contains("first administrator")));
}

#[test]
fn the_log_is_one_json_object_a_line() {
    let mut server = Server::prepared();
    server.start(&["--log-level", "debug"]);
    server.ann("recorded");
    server.stop();
    let log = server.log();
    assert!(!log.is_empty());
    for line in log.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert!(entry["level"].is_string() && entry["timestamp"].is_string());
    }
}

#[test]
fn the_page_works_without_a_script() {
    let server = Server::started();
    let page = server.get("/", &[]);
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe") && !page.body.contains("<script"));
    for mode in ["cookie", "jwt", "recorded"] {
        assert!(page.body.contains(mode));
    }
    assert!(page.body.contains(server.url.trim_start_matches("http://")));
}
