//! The pages, as a browser without JavaScript uses them.

use http::StatusCode;

use crate::support::{Answer, Call, PASSWORD, World, command_line, get, post};

/// A browser: it keeps its cookies, and says where a form was.
#[derive(Default)]
struct Browser {
    cookies: Vec<(String, String)>,
}

impl Browser {
    fn headers(&self, call: Call) -> Call {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() { call } else { call.header("cookie", &pairs.join("; ")) }
    }

    async fn send(&mut self, world: &World, call: Call) -> Answer {
        let answer = world.send(self.headers(call)).await;
        for set in answer.headers.get_all("set-cookie") {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(other, _)| other != name);
            let value = rest.split(';').next().unwrap();
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    async fn open(&mut self, world: &World, path: &str) -> Answer {
        let answer = self.send(world, get(path)).await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert_eq!((answer.header("x-frame-options"), answer.header("cache-control")), ("DENY", "no-store"));
        assert!(!answer.text().contains("<script") && !answer.text().contains("style="));
        answer
    }

    async fn submit(&mut self, world: &World, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token =
            self.cookies.iter().find(|(name, _)| name == "form").map(|(_, value)| value.clone()).unwrap();
        let mut fields = fields.to_vec();
        fields.push(("form", &token));
        self.send(world, post(path).form(&fields).header("sec-fetch-site", "same-origin")).await
    }
}

#[tokio::test]
async fn signing_up_looking_ending_and_logging_out() {
    let world = World::new().await;
    let mut browser = Browser::default();
    let home = browser.open(&world, "/").await;
    assert!(home.text().contains("127.0.0.1:8080") && home.text().contains("Three ways to carry a login"));

    let fields = [("email", "ada@example.test"), ("name", "Ada"), ("password", PASSWORD)];
    let signed_up = browser.submit(&world, "/signup", &fields).await;
    assert_eq!((signed_up.status, signed_up.header("location")), (StatusCode::SEE_OTHER, "/"));
    let mut other = Browser::default();
    other.open(&world, "/").await;
    other.submit(&world, "/login", &fields).await;

    let home = browser.open(&world, "/").await;
    assert!(home.text().contains("Hello, Ada") && home.text().contains("this one"));
    let ids: Vec<_> =
        home.text().split("name=\"session\" value=\"").skip(1).map(|rest| &rest[..30]).collect();
    assert_eq!(ids.len(), 2);
    let mine = home.text().split("<dt>Session</dt><dd><code>").nth(1).unwrap()[..30].to_owned();
    let theirs = ids.iter().find(|id| **id != mine).unwrap();
    let ended = browser.submit(&world, "/sessions/end", &[("session", theirs)]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    assert!(other.open(&world, "/").await.text().contains("Log in</h2>"));

    let out = browser.submit(&world, "/logout", &[]).await;
    assert_eq!(out.header("clear-site-data"), "\"cache\", \"storage\"");
    assert!(browser.cookies.iter().all(|(name, _)| name != "session"));
    assert!(browser.open(&world, "/").await.text().contains("Log in</h2>"));
}

#[tokio::test]
async fn a_refused_form_comes_back_with_what_was_typed_but_the_password() {
    let world = World::new().await;
    let mut browser = Browser::default();
    browser.open(&world, "/").await;
    let fields = [("email", "\"><b>@example.test"), ("name", "<i>"), ("password", "hunter2")];
    let answer = browser.submit(&world, "/signup", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("role=\"alert\""));
    assert!(
        !answer.text().contains("hunter2")
            && !answer.text().contains("<b>")
            && !answer.text().contains("<i>")
    );
    assert!(answer.text().contains("&#60;i&#62;"), "kept, and escaped");
    let answer =
        browser.submit(&world, "/login", &[("email", "a@example.test"), ("password", "hunter2")]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.text().contains("value=\"a@example.test\""));
}

#[tokio::test]
async fn forms_from_elsewhere_are_refused() {
    let world = World::new().await;
    world.user("ada@example.test", false).await;
    let mut browser = Browser::default();
    browser.open(&world, "/").await;
    let fields = [("email", "ada@example.test"), ("password", PASSWORD)];
    for call in [
        post("/login").form(&fields),
        post("/login").form(&fields).header("sec-fetch-site", "same-origin"),
        post("/login").form(&[fields[0], fields[1], ("form", "")]).header("sec-fetch-site", "same-origin"),
        post("/login")
            .form(&[fields[0], fields[1], ("form", &"0".repeat(32))])
            .header("sec-fetch-site", "same-origin"),
        post("/login").form(&fields).header("sec-fetch-site", "cross-site"),
    ] {
        let answer = browser.send(&world, call).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.set_cookie("session").is_none());
    }
}

#[tokio::test]
async fn the_set_up_link_makes_one_administrator() {
    let world = World::new().await;
    let link = world.authority.new_setup_link(&command_line()).await.unwrap();
    let path = link.split_once(".test").unwrap().1;
    let token = path.split_once("token=").unwrap().1;
    let mut browser = Browser::default();
    let form = browser.open(&world, path).await;
    assert_eq!(form.header("referrer-policy"), "strict-origin");
    let short = browser
        .submit(&world, "/setup", &[("token", token), ("email", "root@example.test"), ("password", "short")])
        .await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [("token", token), ("email", "root@example.test"), ("password", PASSWORD)];
    assert_eq!(browser.submit(&world, "/setup", &fields).await.status, StatusCode::SEE_OTHER);
    assert!(browser.open(&world, "/").await.text().contains("Administrator"));
    let again = Browser::default().open(&world, path).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert_eq!(Browser::default().open(&world, "/setup").await.status, StatusCode::GONE);
}

#[tokio::test]
async fn the_style_sheet_can_be_kept_for_ever() {
    let world = World::new().await;
    let home = world.send(get("/")).await;
    let path = home.text().split("href=\"/assets/").nth(1).unwrap().split('"').next().unwrap();
    let style = world.send(get(&format!("/assets/{path}"))).await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert!(style.header("cache-control").contains("immutable"));
    assert_eq!(world.send(get("/assets/style.css")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_hostile_name_is_shown_as_text() {
    let world = World::new().await;
    let mut browser = Browser::default();
    browser.open(&world, "/").await;
    let fields =
        [("email", "eve@example.test"), ("name", "<script>alert(1)</script>"), ("password", PASSWORD)];
    browser.submit(&world, "/signup", &fields).await;
    let home = browser.open(&world, "/").await;
    assert!(home.text().contains("&#60;script&#62;"));
}
