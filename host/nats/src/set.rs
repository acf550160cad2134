//! The set as the servers have it: one stream of messages, and buckets of what nodes must agree on.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use async_nats::jetstream::context::CreateStreamErrorKind;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{self, Context, kv, object_store};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event};
use tokio::time::sleep;

use crate::config::{self, Nats};
use crate::fault::Fault;
use crate::limits::{ALIVE, CHECKPOINTS, CREDENTIALS_BYTES, MESSAGE_BYTES, REPEAT, REQUEST_WAIT};
use crate::wire::SUBJECTS;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A connection to the set. It is cheap to clone.
#[derive(Clone)]
pub(crate) struct Set {
    /// The name of this node.
    pub(crate) node: Arc<str>,
    pub(crate) jetstream: Context,
    /// All messages that some app has not acknowledged.
    pub(crate) events: Stream,
    /// Who owns a delivery, with its message, and what was done in the last days.
    pub(crate) owners: Stream,
    /// The ledger of each node.
    pub(crate) nodes: kv::Store,
    /// The nodes that run now.
    pub(crate) alive: kv::Store,
    /// The digest of each app's component.
    pub(crate) apps: kv::Store,
    pub(crate) components: object_store::ObjectStore,
    pub(crate) checkpoints: kv::Store,
    /// How long it is remembered that a delivery is done.
    pub(crate) remember: Duration,
    /// Since when something is sent whose answer is not known, in seconds since 1970. 0 if all is answered.
    pub(crate) unanswered: Arc<AtomicU64>,
}

pub(crate) const EVENTS: &str = "EVENTS";
/// The prefix of the subjects of the bucket `OWNERS`.
pub(crate) const OWNERS: &str = "$KV.OWNERS.";

impl Set {
    /// Connects, as soon as a server answers, and makes what is missing.
    pub(crate) async fn join(config: &config::Config) -> Result<Set> {
        let client = connect(&config.nats, &config.node).await?;
        let jetstream = jetstream::context::ContextBuilder::new()
            .timeout(REQUEST_WAIT)
            .ack_timeout(REQUEST_WAIT)
            .build(client);
        let mut said = String::new();
        loop {
            let error = match Set::make(config, &jetstream).await {
                Ok(set) => return Ok(set),
                Err(error) if error.is::<Fault>() => return Err(error),
                Err(error) => error,
            };
            // A cluster that has just started has no leader yet.
            say_once(&mut said, &format!("{error:#}"));
            sleep(REPEAT).await;
        }
    }

    async fn make(config: &config::Config, jetstream: &Context) -> Result<Set> {
        let replicas = config.set.replicas;
        let bucket = |name: &str| kv::Config {
            bucket: name.to_owned(),
            num_replicas: replicas,
            history: 1,
            ..kv::Config::default()
        };
        let events = stream(
            jetstream,
            Config {
                name: EVENTS.to_owned(),
                subjects: SUBJECTS.map(str::to_owned).to_vec(),
                // A message goes when each app that wants it has acknowledged it.
                retention: RetentionPolicy::Interest,
                max_messages_per_subject: 1,
                discard: DiscardPolicy::New,
                discard_new_per_subject: true,
                storage: StorageType::File,
                num_replicas: replicas,
                allow_direct: false,
                ..Config::default()
            },
        )
        .await?;
        let owners = stream(
            jetstream,
            Config {
                name: "KV_OWNERS".to_owned(),
                subjects: vec![format!("{OWNERS}>")],
                retention: RetentionPolicy::Limits,
                max_messages_per_subject: 1,
                discard: DiscardPolicy::New,
                storage: StorageType::File,
                num_replicas: replicas,
                allow_rollup: true,
                deny_delete: true,
                // Only the leader answers, because a copy may be behind.
                allow_direct: false,
                allow_message_ttl: true,
                ..Config::default()
            },
        )
        .await?;
        Ok(Set {
            node: config.node.as_str().into(),
            jetstream: jetstream.clone(),
            events,
            owners,
            nodes: store(jetstream, bucket("NODES")).await?,
            alive: store(
                jetstream,
                kv::Config {
                    max_age: ALIVE,
                    ..bucket("ALIVE")
                },
            )
            .await?,
            apps: store(jetstream, bucket("APPS")).await?,
            components: components(jetstream, replicas).await?,
            checkpoints: store(
                jetstream,
                kv::Config {
                    history: CHECKPOINTS.into(),
                    ..bucket("CHECKPOINTS")
                },
            )
            .await?,
            remember: DAY * u32::try_from(config.set.remember_days).unwrap_or(u32::MAX),
            unanswered: Arc::default(),
        })
    }
}

async fn stream(jetstream: &Context, config: Config) -> Result<Stream> {
    let name = config.name.clone();
    if let Ok(stream) = jetstream.get_stream(&name).await {
        return Ok(stream);
    }
    let replicas = config.num_replicas;
    match jetstream.create_stream(config).await {
        Ok(stream) => Ok(stream),
        Err(error) => {
            if let CreateStreamErrorKind::JetStream(cause) = error.kind()
                && cause.to_string().contains("non-clustered")
            {
                return Err(alone(replicas).into());
            }
            Err(error).with_context(|| format!("cannot make the stream `{name}`"))
        }
    }
}

fn alone(replicas: usize) -> Fault {
    Fault::new(
        format!("the server is alone, and `set.replicas` is {replicas}"),
        "connect servers to a cluster, or set `replicas = 1`: then one server has everything",
    )
}

async fn store(jetstream: &Context, config: kv::Config) -> Result<kv::Store> {
    let name = config.bucket.clone();
    if let Ok(store) = jetstream.get_key_value(&name).await {
        return Ok(store);
    }
    let store = jetstream.create_key_value(config).await;
    store.with_context(|| format!("cannot make the bucket `{name}`"))
}

async fn components(jetstream: &Context, replicas: usize) -> Result<object_store::ObjectStore> {
    const NAME: &str = "COMPONENTS";
    if let Ok(store) = jetstream.get_object_store(NAME).await {
        return Ok(store);
    }
    let config = object_store::Config {
        bucket: NAME.to_owned(),
        num_replicas: replicas,
        ..object_store::Config::default()
    };
    let store = jetstream.create_object_store(config).await;
    store.with_context(|| format!("cannot make the store `{NAME}`"))
}

/// Connects as soon as a server answers. Servers that refuse who asks end the program.
async fn connect(nats: &Nats, node: &str) -> Result<Client> {
    let mut said = String::new();
    loop {
        let error = match options(nats, node).await?.connect(&nats.servers).await {
            Ok(client) => {
                check(&client)?;
                return Ok(client);
            }
            Err(error) => error,
        };
        match error.kind() {
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                let what = format!("the servers refuse node `{node}`: {error}");
                let hint = "correct `credentials`, `token-variable`, or `user` and `password-variable` in `[nats]`";
                bail!(Fault::new(what, hint));
            }
            ConnectErrorKind::ServerParse => {
                let what = format!("`nats.servers`: {error}");
                bail!(Fault::new(
                    what,
                    "write `nats://HOST:PORT` or `tls://HOST:PORT`"
                ));
            }
            _ => say_once(&mut said, &format!("no server answers: {error}")),
        }
        sleep(REPEAT).await;
    }
}

fn check(client: &Client) -> Result<()> {
    let info = client.server_info();
    if !info.jetstream {
        let what = format!("server `{}` has no JetStream", info.server_name);
        bail!(Fault::new(what, "start it with JetStream"));
    }
    if (info.max_payload as u64) < MESSAGE_BYTES {
        let what = format!(
            "server `{}` takes messages of {} bytes, and the largest event needs {MESSAGE_BYTES}",
            info.server_name, info.max_payload
        );
        bail!(Fault::new(
            what,
            "set `max_payload: 2MB` in the configuration of all servers"
        ));
    }
    if !client.is_server_compatible(2, 11, 0) {
        let what = format!(
            "server `{}` has version {}, expected 2.11 or newer",
            info.server_name, info.version
        );
        bail!(Fault::new(
            what,
            "update the servers: older ones forget nothing by its age"
        ));
    }
    Ok(())
}

async fn options(nats: &Nats, node: &str) -> Result<ConnectOptions> {
    let mut options = ConnectOptions::new()
        .name(format!("fractalaw-nats {node}"))
        .request_timeout(Some(REQUEST_WAIT))
        .reconnect_delay_callback(|_| REPEAT)
        .event_callback(|event| async move {
            match event {
                Event::Connected => say("connected"),
                Event::Disconnected => say("the connection is lost"),
                Event::ServerError(error) => say(&format!("the server says: {error}")),
                _ => {}
            }
        });
    if let Some(path) = &nats.credentials {
        let text = secret(path)?;
        options = options.credentials(&text).map_err(|_| {
            // The error of the library could show what is in the file.
            let what = format!("`{}` is no file of credentials", path.display());
            Fault::new(
                what,
                "name the file that the servers' account was exported to",
            )
        })?;
    }
    if let Some(name) = &nats.token_variable {
        options = options.token(variable(name)?);
    }
    if let (Some(user), Some(name)) = (&nats.user, &nats.password_variable) {
        options = options.user_and_password(user.clone(), variable(name)?);
    }
    if let Some(ca) = &nats.ca {
        options = options.add_root_certificates(ca.clone()).require_tls(true);
    }
    Ok(options)
}

fn secret(path: &Path) -> Result<String> {
    use std::io::Read;
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(CREDENTIALS_BYTES).read_to_string(&mut text))
        .map_err(|error| {
            let what = format!("cannot read `{}`: {error}", path.display());
            Fault::new(what, "correct `credentials` in `[nats]`")
        })?;
    Ok(text)
}

fn variable(name: &str) -> Result<String> {
    std::env::var(name).map_err(|_| {
        let what = format!("the variable `{name}` is not set, or is not text");
        Fault::new(what, "set it in the environment of this program").into()
    })
}

/// A line for the operator.
pub(crate) fn say(what: &str) {
    eprintln!("fractalaw-nats: {what}");
}

/// A line for the operator, unless it is the same as the last one.
pub(crate) fn say_once(said: &mut String, what: &str) {
    if said != what {
        say(what);
        what.clone_into(said);
    }
}
