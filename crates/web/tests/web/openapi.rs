//! `/openapi.json`, and every endpoint that it describes, called by nobody.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{World, call, get};

#[tokio::test]
async fn the_document_is_served() {
    let world = World::new().await;
    let answer = world.send(get("/openapi.json")).await;
    assert_eq!((answer.status, &answer.body["openapi"]), (StatusCode::OK, &json!("3.1.0")));
}

#[tokio::test]
async fn nobody_gets_into_any_endpoint_that_is_not_public() {
    let world = World::new().await;
    let document: Value = serde_json::from_str(&counterfoil_web::openapi()).unwrap();
    let mut tried = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let public = operation.get("security") == Some(&json!([{}]));
            let path = path.replace("{id}", "usr_00000000000000000000000000");
            let request = call(&method.to_uppercase(), &path);
            let form = operation["requestBody"]["content"].get("application/x-www-form-urlencoded").is_some();
            let request = match (method.as_str(), form) {
                ("get" | "delete", _) => request,
                (_, true) => request.form(&[("token", "x")]),
                (_, false) => request.json(&json!({})),
            };
            let status = world.send(request).await.status;
            if public {
                assert!(
                    ![StatusCode::UNAUTHORIZED, StatusCode::NOT_FOUND].contains(&status),
                    "{method} {path}"
                );
            } else {
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
            }
            tried += 1;
        }
    }
    assert!(tried > 35);
}
