//! A registry over HTTPS, with a certificate of an authority of one's own. Addresses of this machine are reached without
//! encryption, so the registry has a name that a proxy on loopback knows.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use crate::debian::Registry;
use crate::lab::*;

/// The name in the certificate, and one that is not in it.
const NAME: &str = "registry.test";
const OTHER: &str = "other.test";

/// Makes an authority, and a certificate of it for [`NAME`]. `None` if there is no `openssl`.
fn certify(folder: &Path) -> Option<()> {
    let make = |arguments: &str| {
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
            ])
            .args(["-nodes", "-days", "2"])
            .args(arguments.split(' '))
            .current_dir(folder)
            .stderr(Stdio::null())
            .status();
        match made {
            Ok(status) => {
                assert!(status.success(), "openssl req {arguments}");
                Some(())
            }
            Err(_) => {
                println!("SKIPPED: there is no `openssl`");
                None
            }
        }
    };
    make("-keyout ca.key -out ca.pem -subj /CN=authority")?;
    make(&format!(
        "-CA ca.pem -CAkey ca.key -keyout server.key -out server.pem -subj /CN={NAME} -addext subjectAltName=DNS:{NAME} \
         -addext basicConstraints=critical,CA:FALSE"
    ))
}

/// A proxy that connects everything to one address. Its threads end with the process of the tests.
fn proxy(to: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away is no matter of the proxy.
            let _ = connect(stream, &to);
        }
    });
    format!("http://{own}")
}

fn connect(client: TcpStream, to: &str) -> io::Result<()> {
    let mut head = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        if head.read_line(&mut line)? == 0 {
            return Ok(());
        }
    }
    let server = TcpStream::connect(to)?;
    (&client).write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
    for (mut from, mut to) in [(client.try_clone()?, server.try_clone()?), (server, client)] {
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}

#[test]
fn a_registry_with_a_certificate_of_an_own_authority() {
    let folder = tempfile::tempdir().unwrap();
    if certify(folder.path()).is_none() {
        return;
    }
    let tls = ", tls: {certificate: FOLDER/server.pem, key: FOLDER/server.key}";
    let Some(registry) = Registry::start_in(folder, tls, "") else {
        return;
    };
    let mut machine = Machine::new();
    machine.set("HTTPS_PROXY", &proxy(registry.host.clone()));
    machine.write("hello.wasm", component());
    let reference = format!("{NAME}/acme/hello:1.0");

    // The system does not know the authority.
    let ended = machine.run(&["push", "hello.wasm", &reference]);
    assert_eq!(ended.code, 10, "{ended:?}");
    let (error, hint) = ended.err.split_once('\n').unwrap();
    assert!(
        error.starts_with(&format!("error: could not reach `{NAME}`: ")),
        "{error}"
    );
    assert!(hint.contains("`SSL_CERT_FILE`"), "{hint}");

    let authority = registry.folder.path().join("ca.pem");
    machine.set("SSL_CERT_FILE", authority.to_str().unwrap());
    machine.done(&["push", "hello.wasm", &reference]);
    std::fs::remove_file(machine.file("hello.wasm")).unwrap();
    machine.done(&["pull", &reference]);
    assert_eq!(machine.read("hello.wasm"), component());

    // The certificate is of another name.
    let ended = machine.run(&[
        "pull",
        &format!("{OTHER}/acme/hello:1.0"),
        "--name",
        "other",
    ]);
    assert_eq!(ended.code, 10, "{ended:?}");
    assert!(
        ended
            .err
            .starts_with(&format!("error: could not reach `{OTHER}`: ")),
        "{ended:?}"
    );
}
