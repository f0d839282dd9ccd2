//! The form of documents as a JSON Schema (draft 2020-12) for editors.

use serde_json::{Map, Value, json};

use super::shape::{Shape, Take};
use super::tables::gate_shape;

/// A JSON Schema of documents of a shape.
#[must_use]
pub fn json_schema(shape: &Shape, title: &str) -> Value {
    let mut schema = object(shape);
    if let Some(root) = schema.as_object_mut() {
        root.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        root.insert("title".to_owned(), json!(title));
        root.insert("$defs".to_owned(), json!({ "gate": gate(), "gates": gates() }));
    }
    schema
}

fn object(shape: &Shape) -> Value {
    let mut properties = Map::new();
    for field in &shape.fields {
        let mut value = take(&field.take);
        if let (Some(value), false) = (value.as_object_mut(), field.summary.is_empty()) {
            value.insert("description".to_owned(), json!(field.summary));
        }
        properties.insert(field.name.to_string(), value);
    }
    let required: Vec<_> = shape.fields.iter().filter(|field| field.required).map(|field| &field.name).collect();
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "patternProperties": { "^x-": true },
        "additionalProperties": shape.others.as_ref().map_or(json!(false), take),
    });
    if let (Some(schema), false) = (schema.as_object_mut(), required.is_empty()) {
        schema.insert("required".to_owned(), json!(required));
    }
    schema
}

fn take(what: &Take) -> Value {
    let duration = json!({ "type": "string", "pattern": r"^\s*[0-9_]*\.?[0-9_]+([eE][+-]?[0-9]+)?[smhdw]\s*$" });
    let number =
        json!({ "type": ["number", "string"], "pattern": r"^\s*[+-]?[0-9_]*\.?[0-9_]+([eE][+-]?[0-9]+)?(%|bp)?\s*$" });
    match what {
        Take::Text => json!({ "type": ["string", "number", "boolean"] }),
        Take::Name => json!({ "type": ["string", "number"], "pattern": "^[A-Za-z0-9_.-]+$" }),
        Take::Version => json!({ "type": ["integer", "string"] }),
        Take::Boolean => json!({ "type": "boolean" }),
        Take::Integer => json!({ "type": "integer" }),
        Take::Number => number,
        Take::Scalar => json!({ "type": ["number", "string", "boolean"] }),
        Take::Duration => duration,
        Take::Word(words) => json!({ "enum": words }),
        Take::Expression => json!({ "type": ["string", "boolean", "number"] }),
        Take::Gates => json!({ "$ref": "#/$defs/gates" }),
        Take::List(item) => {
            let item = take(item);
            json!({ "anyOf": [{ "type": "array", "items": item.clone() }, item] })
        }
        Take::Range => {
            json!({ "type": "array", "items": { "type": ["number", "string", "null"] }, "minItems": 2, "maxItems": 2 })
        }
        Take::Map(shape) => object(shape),
        Take::MapOf(item) => json!({ "type": "object", "additionalProperties": take(item) }),
        Take::TextOr(shape) => json!({ "anyOf": [{ "type": ["string", "number", "boolean"] }, object(shape)] }),
        Take::NumberOr(shape) => json!({ "anyOf": [{ "type": ["number", "string", "boolean"] }, object(shape)] }),
        Take::Anything => json!({}),
    }
}

fn gates() -> Value {
    json!({ "anyOf": [{ "type": "array", "items": { "$ref": "#/$defs/gate" } }, { "$ref": "#/$defs/gate" }] })
}

fn gate() -> Value {
    json!({ "anyOf": [{ "type": ["string", "boolean"] }, object(&gate_shape())] })
}
