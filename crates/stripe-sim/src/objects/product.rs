//! Products.

use serde_json::{Value, json};

use super::Made;

/// A product that is for sale.
pub(crate) fn product(made: Made, name: &str) -> Value {
    json!({
        "id": made.id,
        "object": "product",
        "active": true,
        "created": made.created,
        "default_price": null,
        "description": null,
        "images": [],
        "livemode": made.livemode,
        "marketing_features": [],
        "metadata": {},
        "name": name,
        "package_dimensions": null,
        "shippable": null,
        "statement_descriptor": null,
        "tax_code": null,
        "type": "service",
        "unit_label": null,
        "updated": made.created,
        "url": null,
    })
}
