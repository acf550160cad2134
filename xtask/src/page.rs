//! Pages for a browser: text that may stand on one, the flame graph, and what a page allows its browser to do.

// From the ground up.
pub(crate) mod shown;

pub(crate) mod flame;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// What all pages look like.
pub(crate) const STYLE: &str = include_str!("../templates/style.css");

/// A script or a style, as a page's security policy names what it allows.
pub(crate) fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}
