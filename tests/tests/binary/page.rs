//! The page at `/`, used by a browser that has no JavaScript.

use counterfoil_tests::{Browser, PASSWORD, Server};

const BOB: &str = "bob@example.test";

fn assert_safe(browser: &Browser<'_>) {
    let header = |name| browser.page.header(name).unwrap_or_else(|| panic!("no {name}: {:?}", browser.page));
    let policy = header("content-security-policy");
    for directive in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"]
    {
        assert!(policy.contains(directive), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("cache-control"), "no-store");
    let page = &browser.page.body;
    assert!(!page.contains("<script") && !page.contains(" style=") && !page.contains("onclick"), "{page}");
    assert!(!page.contains(PASSWORD));
}

#[test]
fn sign_up_log_in_look_and_log_out() {
    let server = Server::started();
    let mut browser = Browser::open(&server, "/");
    assert_safe(&browser);
    let stylesheet = browser.page.body.split("rel=\"stylesheet\" href=\"").nth(1).unwrap();
    let stylesheet = server.get(stylesheet.split('"').next().unwrap(), &[]);
    assert_eq!(stylesheet.header("content-type"), Some("text/css; charset=utf-8"));
    assert!(stylesheet.header("cache-control").unwrap().contains("immutable"));

    let account = [("email", BOB), ("password", PASSWORD), ("name", "<b>Bob & \"Co\"</b>")];
    assert_eq!(browser.submit("/signup", &account), 303);
    assert_safe(&browser);
    assert!(browser.page.body.contains("Log out") && browser.page.body.contains(BOB));
    assert!(!browser.page.body.contains("<b>Bob"), "names are text: {}", browser.page.body);
    let copied = format!("session={}", browser.jar["session"]);
    assert_eq!(server.get("/v1/me", &[("cookie", &copied)]).json()["user"]["email"], BOB);

    assert_eq!(browser.submit("/logout", &[]), 303);
    assert!(!browser.jar.contains_key("session"), "the browser holds nothing any more");
    assert!(browser.page.body.contains("Sign up"));
    assert!(!server.accepts(&("cookie", copied)), "nor would a copy help");

    // A mistake keeps what was typed, but for the password.
    assert_eq!(browser.submit("/login", &[("email", BOB), ("password", "wrong password")]), 401);
    assert_safe(&browser);
    assert!(browser.page.body.contains(BOB) && browser.page.body.contains("role=\"alert\""));
    assert!(!browser.page.body.contains("wrong password"));
    assert_eq!(browser.submit("/login", &[("email", BOB), ("password", PASSWORD)]), 303);
    assert!(browser.page.body.contains("Log out"));
}

#[test]
fn one_of_several_sessions_is_ended_on_the_page() {
    let server = Server::started();
    server.add_user(BOB, false);
    let token = format!("Bearer {}", server.log_in(BOB, "recorded").text("access_token"));
    let other = Browser::open(&server, "/");
    let mut browser = Browser::open(&server, "/");
    assert_ne!(other.jar["form"], browser.jar["form"]);
    assert_eq!(browser.submit("/login", &[("email", BOB), ("password", PASSWORD)]), 303);
    let session = server.json(&["session", "list", "--client", "recorded"])["items"][0]["id"].clone();
    let session = session.as_str().unwrap().to_owned();
    assert!(browser.page.body.contains(&session));
    let form = browser.hidden("/sessions/end");
    let form = form.iter().find(|(name, _)| name == "form").unwrap().1.clone();
    let end = [("form", form.as_str()), ("session", session.as_str())];
    let same = [("sec-fetch-site", "same-origin")];
    assert_eq!(browser.post("/sessions/end", &end, &same), 303);
    assert!(!server.accepts(&("authorization", token)));
    assert!(!browser.page.body.contains(&session) && browser.page.body.contains("Log out"));
}

#[test]
fn a_form_that_another_site_made_does_nothing() {
    let server = Server::started();
    server.add_user(BOB, false);
    let mut browser = Browser::open(&server, "/");
    let form = browser.hidden("/login")[0].1.clone();
    let strange = "0".repeat(form.len());
    let login = |form: &str| {
        [("form", form.to_owned()), ("email", BOB.to_owned()), ("password", PASSWORD.to_owned())]
    };
    let mut post = |form: &str, headers: &[(&str, &str)]| {
        let fields = login(form);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post("/login", &fields, headers)
    };
    let same = [("sec-fetch-site", "same-origin")];
    for (form, headers) in [
        (form.as_str(), &[][..]),
        (&form, &[("sec-fetch-site", "cross-site")]),
        (&form, &[("sec-fetch-site", "same-site")]),
        (&form, &[("origin", "https://evil.test")]),
        (&form, &[("origin", "null")]),
        (&strange, &same),
        ("", &same),
    ] {
        assert_eq!(post(form, headers), 403, "{form} {headers:?}");
    }
    assert_eq!(post(&form, &same), 303);
}
