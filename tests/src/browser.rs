//! A browser without JavaScript: it keeps cookies, fills in forms and follows redirections.

use std::collections::BTreeMap;

use crate::{Answer, Server, form_encoded};

/// A browser with a page open.
pub struct Browser<'a> {
    server: &'a Server,
    /// The cookies that it keeps.
    pub jar: BTreeMap<String, String>,
    /// The page that it shows.
    pub page: Answer,
}

impl<'a> Browser<'a> {
    /// Opens a page.
    #[must_use]
    pub fn open(server: &'a Server, path: &str) -> Self {
        let mut browser = Self { server, jar: BTreeMap::new(), page: server.get("/healthz", &[]) };
        browser.go(path);
        browser
    }

    /// Follows a link.
    pub fn go(&mut self, path: &str) {
        self.request("GET", path, &[], None);
    }

    /// Fills in the page's form for that action, submits it, and follows the answer to where it leads; the status of the
    /// answer itself.
    pub fn submit(&mut self, action: &str, typed: &[(&str, &str)]) -> u16 {
        let hidden = self.hidden(action);
        let fields: Vec<_> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(action, &[&fields, typed].concat(), &[("sec-fetch-site", "same-origin")])
    }

    /// Sends a form as it is given.
    pub fn post(&mut self, action: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> u16 {
        let headers = [headers, &[("content-type", "application/x-www-form-urlencoded")]].concat();
        self.request("POST", action, &headers, Some(form_encoded(fields)));
        let status = self.page.status;
        if status == 303 {
            let to = self.page.header("location").unwrap().to_owned();
            self.go(&to);
        }
        status
    }

    /// The hidden fields of the page's first form for that action.
    #[must_use]
    pub fn hidden(&self, action: &str) -> Vec<(String, String)> {
        let form = self.page.body.split(&format!("action=\"{action}\"")).nth(1);
        let form = form.unwrap_or_else(|| panic!("no form for {action}: {}", self.page.body));
        let attribute = |tag: &str, name: &str| {
            let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
            Some(value.to_owned())
        };
        form.split("</form>")
            .next()
            .unwrap_or_default()
            .split("<input")
            .filter(|tag| tag.contains("type=\"hidden\""))
            .map(|tag| (attribute(tag, "name").unwrap(), attribute(tag, "value").unwrap()))
            .collect()
    }

    fn request(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<String>) {
        let cookies: Vec<_> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut headers = headers.to_vec();
        if !cookies.is_empty() {
            headers.push(("cookie", &cookies));
        }
        let answer = self.server.send(method, path, &headers, body);
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap_or_default().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        self.page = answer;
    }
}
