//! A repository of a registry, over the distribution protocol of OCI.

// From the ground up.
mod helper;
mod http;

mod credentials;

mod session;

use fractalaw_provenance::Digest;
use serde::Deserialize;

use crate::fault::Fault;
use crate::limits::{MANIFEST_BYTES, REFERRERS};
use crate::manifest::{Descriptor, INDEX_TYPE, Index, MANIFEST_TYPE, Manifest, SIGNATURES_TYPE};
use crate::reference::{Pick, Repository};
use crate::store::Store;
use http::{Answer, Method};
use session::Session;

/// What a manifest may be. Others are asked for too, so that the error says what is there.
const ACCEPTED: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
                        application/vnd.docker.distribution.manifest.v2+json, \
                        application/vnd.docker.distribution.manifest.list.v2+json";

/// A repository.
pub(crate) struct Remote(Session);

impl Remote {
    /// It connects with the first request. `insecure` allows plain HTTP to a registry on another machine.
    pub(crate) fn new(repository: &Repository, insecure: bool) -> Result<Remote, Fault> {
        Ok(Remote(Session::new(repository, insecure)?))
    }

    fn get_manifest(&self, pick: Pick<'_>) -> Result<Option<Vec<u8>>, Fault> {
        let path = format!("manifests/{pick}");
        let answer = self
            .0
            .ask(Method::Get, &path, &[("accept", ACCEPTED)], None)?;
        match answer.status {
            200 => answer.bytes(MANIFEST_BYTES).map(Some),
            404 => Ok(None),
            _ => Err(self.0.unexpected(answer)),
        }
    }

    fn put_bytes(&self, name: &str, media_type: &str, bytes: &[u8]) -> Result<Answer, Fault> {
        let path = format!("manifests/{name}");
        let headers = [("content-type", media_type)];
        let answer = self.0.ask(Method::Put, &path, &headers, Some(bytes))?;
        match answer.status {
            201 => Ok(answer),
            _ => Err(self.0.unexpected(answer)),
        }
    }

    /// The list that registries keep which do not list referrers themselves.
    fn listed(&self, subject: &Digest) -> Result<Option<Index>, Fault> {
        let tag = referrers_tag(subject);
        let bytes = self.get_manifest(Pick::Tag(&tag))?;
        let index = bytes.map(|bytes| Index::read(&bytes)).transpose();
        index.map_err(|what| {
            Fault::refused(
                format!("the tag `{tag}` of the registry is {what}"),
                "remove the tag there",
            )
        })
    }

    /// The signatures of a subject that have tags for themselves. A registry that pages its tags begins after the tag of the
    /// list, where these tags are. One that does not tell its tags has only the list.
    fn tagged(&self, subject: &Digest) -> Result<Vec<Descriptor>, Fault> {
        let after = referrers_tag(subject);
        let path = format!("tags/list?n={REFERRERS}&last={after}");
        let answer = self.0.ask(Method::Get, &path, &[], None)?;
        if answer.status != 200 {
            return Ok(Vec::new());
        }
        let tags: Tags =
            serde_json::from_slice(&answer.bytes(MANIFEST_BYTES)?).map_err(|error| {
                Fault::refused(
                    format!("the registry's list of tags is none: {error}"),
                    "ask who runs it",
                )
            })?;
        let tags = tags.tags.into_iter().flatten();
        let own = tags.filter(|tag| is_own_tag(tag, subject)).take(REFERRERS);
        let mut found = Vec::new();
        for tag in own {
            let Some(bytes) = self.get_manifest(Pick::Tag(&tag))? else {
                continue;
            };
            // Somebody else may have named something so.
            if Manifest::read(&bytes)
                .is_ok_and(|manifest| manifest.is_about(subject, SIGNATURES_TYPE))
            {
                found.push(Descriptor::of_artifact(SIGNATURES_TYPE, &bytes));
            }
        }
        Ok(found)
    }
}

/// The tag under which the artifacts about a manifest are listed.
fn referrers_tag(subject: &Digest) -> String {
    format!("sha256-{}", subject.hex())
}

/// The tag that signatures have for themselves. No other push writes it, so two pushes at the same moment lose nothing.
fn own_tag(subject: &Digest, signatures: &Digest) -> String {
    let own = &signatures.hex()[..OWN_DIGITS];
    format!("{}.{own}", referrers_tag(subject))
}

/// Whether a tag is one that signatures of this subject have for themselves.
fn is_own_tag(tag: &str, subject: &Digest) -> bool {
    let own = tag.strip_prefix(&referrers_tag(subject));
    let own = own.and_then(|own| own.strip_prefix('.'));
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    own.is_some_and(|own| own.len() == OWN_DIGITS && own.bytes().all(is_digit))
}

/// The digits of their digest in such a tag. A tag has at most 128 characters, which two whole digests are longer than.
const OWN_DIGITS: usize = 16;

/// The list of a repository's tags.
#[derive(Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

impl Store for Remote {
    fn manifest(&self, pick: Pick<'_>) -> Result<Option<Vec<u8>>, Fault> {
        self.get_manifest(pick)
    }

    fn contents(&self, descriptor: &Descriptor) -> Result<Option<Vec<u8>>, Fault> {
        let path = format!("blobs/{}", descriptor.digest);
        let answer = self.0.ask(Method::Get, &path, &[], None)?;
        match answer.status {
            200 => answer.bytes(descriptor.size).map(Some),
            404 => Ok(None),
            _ => Err(self.0.unexpected(answer)),
        }
    }

    fn put(&self, descriptor: &Descriptor, bytes: &[u8]) -> Result<(), Fault> {
        let digest = descriptor.digest.to_string();
        let has = self
            .0
            .ask(Method::Head, &format!("blobs/{digest}"), &[], None)?;
        if has.status == 200 {
            return Ok(());
        }
        let begun = self.0.ask(Method::Post, "blobs/uploads/", &[], Some(&[]))?;
        if begun.status != 202 {
            return Err(self.0.unexpected(begun));
        }
        let mut place = begun.location()?;
        place.query_pairs_mut().append_pair("digest", &digest);
        let headers = [("content-type", "application/octet-stream")];
        let done = self.0.ask_at(Method::Put, place, &headers, Some(bytes))?;
        match done.status {
            201 => Ok(()),
            _ => Err(self.0.unexpected(done)),
        }
    }

    fn put_manifest(&self, tag: &str, manifest: &[u8]) -> Result<(), Fault> {
        self.put_bytes(tag, MANIFEST_TYPE, manifest).map(drop)
    }

    fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Fault> {
        let path = format!("referrers/{subject}");
        let answer = self
            .0
            .ask(Method::Get, &path, &[("accept", INDEX_TYPE)], None)?;
        let lists = answer.status == 200
            && answer
                .header("content-type")
                .is_some_and(|kind| kind.starts_with(INDEX_TYPE));
        let index = match lists {
            true => {
                let index = Index::read(&answer.bytes(MANIFEST_BYTES)?);
                index.map_err(|what| {
                    Fault::refused(
                        format!("the registry's list of referrers is {what}"),
                        "ask who runs it",
                    )
                })?
            }
            false => {
                let mut index = self.listed(subject)?.unwrap_or_else(Index::new);
                for descriptor in self.tagged(subject)? {
                    index.add(descriptor);
                }
                index
            }
        };
        let ours = index
            .manifests()
            .filter(|descriptor| descriptor.artifact_type.as_deref() == Some(SIGNATURES_TYPE));
        Ok(ours.take(REFERRERS).cloned().collect())
    }

    fn put_referrer(
        &self,
        subject: &Digest,
        descriptor: &Descriptor,
        manifest: &[u8],
    ) -> Result<(), Fault> {
        let answer = self.put_bytes(&descriptor.digest.to_string(), MANIFEST_TYPE, manifest)?;
        if answer.header("oci-subject").is_some() {
            return Ok(());
        }
        // The registry keeps no list. Other tools read the one that clients keep under a tag. Another push may replace what is
        // written there, so the signatures have a tag for themselves before that, and whoever pushes next lists them again.
        let own = own_tag(subject, &descriptor.digest);
        self.put_bytes(&own, MANIFEST_TYPE, manifest)?;
        let listed = self.listed(subject)?.unwrap_or_else(Index::new);
        let mut index = listed.clone();
        for descriptor in self.tagged(subject)? {
            index.add(descriptor);
        }
        // The registry may not tell its tags.
        index.add(descriptor.clone());
        if index == listed {
            return Ok(());
        }
        self.put_bytes(&referrers_tag(subject), INDEX_TYPE, &index.to_json())
            .map(drop)
    }
}
