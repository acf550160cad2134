//! Pages for a browser: text that may be put on a page, the flame graph, and what a page allows its browser to
//! do.

// From the ground up.
pub(crate) mod shown;

pub(crate) mod flame;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The style of all pages.
pub(crate) const STYLE: &str = include_str!("../templates/style.css");

/// The hash of a script or a style, in the form that a page's security policy uses.
pub(crate) fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}
