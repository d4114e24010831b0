//! The API as a document that tools read: OpenAPI 3.1, made of the one table of routes.
//!
//! It cannot say what is not there, nor leave out what is. The schema of an answer is that of the very type that is
//! serialised, with its doc comments; that of a body is the one that it is read as, or those of the messages of the program.

use axum::response::Response;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::answer::json as answer;
use super::table::{Access, Route};
use super::takes;
use crate::director::{CallFailure, Role};

/// The route of this file.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/openapi.json", Role::Viewer, document)
            .says("This document.", &[])
            .gives::<Map<String, Value>>(),
    ]
}

async fn document() -> Response {
    answer(&openapi(&super::routes::all()))
}

/// The document of these routes. Pages for people are not in it.
pub(super) fn openapi(routes: &[Route]) -> Value {
    // Where they are in the document.
    let in_components = |settings: &mut SchemaSettings| settings.definitions_path = "/components/schemas".into();
    let mut schemas = SchemaSettings::draft2020_12().for_serialize().with(in_components).into_generator();
    let mut paths = Map::new();
    for route in routes.iter().filter(|route| !route.summary.is_empty()) {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation(route, &mut schemas);
    }
    let mut schemas = schemas.take_definitions(true);
    schemas.extend(takes::messages());
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "iop",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A running production: what it shows, and what can be done with it.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "The token of a user, or of the store." },
            },
            "schemas": schemas,
        },
    });
    without_links(&mut document);
    document
}

fn operation(route: &Route, schemas: &mut SchemaGenerator) -> Value {
    let in_path = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |place: &str, name: &str| json!({ "name": name, "in": place, "required": place == "path", "schema": { "type": "string" } });
    let parameters: Vec<_> = in_path
        .map(|name| parameter("path", name))
        .chain(route.query.iter().map(|name| parameter("query", name)))
        .collect();
    let failure = schemas.subschema_for::<CallFailure>();
    let failed = |what: &str| json!({ "description": what, "content": { "application/json": { "schema": failure } } });
    let mut responses = route.gives.responses(schemas);
    responses.insert("default".to_owned(), failed("It failed."));
    let mut operation = json!({ "summary": route.summary, "parameters": parameters });
    match route.access {
        Access::Open => operation["security"] = json!([]),
        Access::Least(role) => {
            operation["security"] = json!([{ "token": [] }]);
            operation["x-iop-role"] = json!(role);
            responses.insert("401".to_owned(), failed("Nobody that is known."));
            responses.insert("403".to_owned(), failed("The role does not include it."));
        }
    }
    if let Some(body) = route.takes.body() {
        operation["requestBody"] = body;
    }
    operation["responses"] = Value::Object(responses);
    operation
}

/// Doc comments link to what they speak of; whoever reads the document sees the name.
fn without_links(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "description" => *text = text.replace("[`", "`").replace("`]", "`"),
                    member => without_links(member),
                }
            }
        }
        Value::Array(members) => members.iter_mut().for_each(without_links),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_of_the_api_is_in_the_document_with_its_role_and_its_parameters() {
        let routes = super::super::routes::all();
        let document = openapi(&routes);
        for route in routes.iter().filter(|route| route.path.starts_with("/api/")) {
            let operation = &document["paths"][route.path][route.method.as_str().to_ascii_lowercase()];
            assert!(operation["summary"].is_string(), "{} {} says nothing: use `says`", route.method, route.path);
            let role = operation["x-iop-role"].as_str().and_then(Role::from_word);
            assert!(matches!(route.access, Access::Least(least) if Some(least) == role), "{}", route.path);
            let in_path = operation["parameters"].as_array().unwrap().iter().filter(|one| one["in"] == "path").count();
            assert_eq!(in_path, route.path.matches('{').count(), "{}", route.path);
        }
        assert_eq!(document["paths"]["/health/live"]["get"]["security"], json!([]));
        assert!(document["paths"].get("/login").is_none());
    }
}
