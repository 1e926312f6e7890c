//! Before 2025-09-30.clover: the coupon stood in discounts and promotion codes whole and by its own name.

use serde_json::Value;

use super::{forget, is, noted_coupon};

/// An object that is not in the current shape, since a test made it so, stays as it is.
pub(super) fn change(object: &mut Value) {
    if (is(object, "discount") && object.get("source").is_some())
        || (is(object, "promotion_code") && object.get("promotion").is_some())
    {
        object["coupon"] = noted_coupon(object);
        forget(object, &["source", "promotion"]);
    }
}
