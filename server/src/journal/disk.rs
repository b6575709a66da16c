//! The few things that are done to a disk, so that tests can put one in their place that hangs, is full or breaks.
//! Whole files appear at once or not at all: written under another name, synced if asked for, then renamed.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

/// Where journals are kept.
pub trait Disk: Send + fmt::Debug {
    /// Puts a whole file in the place of `name` and opens it to go on at its end. With `sync` it survives a power cut.
    fn replace(&mut self, name: &str, bytes: &[u8], sync: bool) -> io::Result<Box<dyn Sheet>>;

    /// Opens the file `name` to go on behind what `sound` says is whole of it; what follows that is cut off. If nothing is
    /// whole it begins with `head`. Returns how long it is, too.
    fn extend(
        &mut self,
        name: &str,
        head: &[u8],
        sound: fn(&[u8]) -> usize,
    ) -> io::Result<(Box<dyn Sheet>, usize)>;

    /// Gives the file `name` another name. If there is a file of that name already, that stays and `name` goes.
    fn give_name(&mut self, name: &str, to: &str) -> io::Result<()>;

    /// Waits until new names of files are where a power cut does no harm.
    fn sync_names(&mut self) -> io::Result<()>;

    /// Takes the file `name` away; one that is not there is no error.
    fn remove(&mut self, name: &str) -> io::Result<()>;
}

/// An open file that grows.
pub trait Sheet: Send + fmt::Debug {
    /// Adds bytes at its end. After an error nobody knows how many of them are there.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Waits until everything is where a power cut does no harm.
    fn sync(&mut self) -> io::Result<()>;
}

/// A folder of the file system.
#[derive(Clone, Debug)]
pub struct FolderDisk(pub PathBuf);

/// Files that only their owner reads.
fn private() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only unix has modes"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

impl Disk for FolderDisk {
    fn replace(&mut self, name: &str, bytes: &[u8], sync: bool) -> io::Result<Box<dyn Sheet>> {
        let (path, temporary) = (self.0.join(name), self.0.join(format!("{name}.new")));
        let mut file = private().write(true).create(true).truncate(true).open(&temporary)?;
        file.write_all(bytes)?;
        if sync {
            file.sync_data()?;
        }
        fs::rename(&temporary, &path)?;
        if sync {
            // The new name is in the folder, which is written by itself.
            self.sync_names()?;
        }
        Ok(Box::new(file))
    }

    fn extend(
        &mut self,
        name: &str,
        head: &[u8],
        sound: fn(&[u8]) -> usize,
    ) -> io::Result<(Box<dyn Sheet>, usize)> {
        let path = self.0.join(name);
        let length = match fs::read(&path) {
            Ok(bytes) => sound(&bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        let mut file = private().append(true).create(true).open(path)?;
        file.set_len(length as u64)?;
        if length == 0 {
            file.write_all(head)?;
        }
        Ok((Box::new(file), length.max(head.len())))
    }

    fn give_name(&mut self, name: &str, to: &str) -> io::Result<()> {
        if self.0.join(to).exists() {
            return self.remove(name);
        }
        fs::rename(self.0.join(name), self.0.join(to))
    }

    fn sync_names(&mut self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.0.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Sheet for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
