//! Why a download or a scan did not work. Each has a code and a fixed text: nothing here repeats what a server or a disk said.

use parlour_room::kept;

/// What went wrong.
#[derive(Copy, Debug, PartialEq, Eq)]
#[kept]
#[allow(missing_docs, reason = "each variant's text is below, in words")]
pub enum Fault {
    Cancelled,
    NoLibrary,
    AddressRefused,
    HostNotFound,
    CannotConnect,
    NoTls,
    HttpStatus { status: u16 },
    BadRedirect,
    TooManyRedirects,
    BadAnswer,
    Stalled,
    Interrupted,
    TooLarge,
    ChecksumMismatch,
    FileExists,
    PathTaken,
    PathRefused,
    CannotWrite,
    DiskFull,
    CannotRead,
    Internal,
}

impl Fault {
    /// For programs.
    pub fn code(self) -> &'static str {
        match self {
            Fault::Cancelled => "cancelled",
            Fault::NoLibrary => "no_library",
            Fault::AddressRefused => "address_refused",
            Fault::HostNotFound => "host_not_found",
            Fault::CannotConnect => "cannot_connect",
            Fault::NoTls => "no_tls",
            Fault::HttpStatus { .. } => "http_status",
            Fault::BadRedirect => "bad_redirect",
            Fault::TooManyRedirects => "too_many_redirects",
            Fault::BadAnswer => "bad_answer",
            Fault::Stalled => "stalled",
            Fault::Interrupted => "interrupted",
            Fault::TooLarge => "too_large",
            Fault::ChecksumMismatch => "checksum_mismatch",
            Fault::FileExists => "file_exists",
            Fault::PathTaken => "path_taken",
            Fault::PathRefused => "path_refused",
            Fault::CannotWrite => "cannot_write",
            Fault::DiskFull => "disk_full",
            Fault::CannotRead => "cannot_read",
            Fault::Internal => "internal",
        }
    }

    /// For people.
    pub fn message(self) -> String {
        let text = match self {
            Fault::Cancelled => "It was stopped.",
            Fault::NoLibrary => "This server has no library to put files into.",
            Fault::AddressRefused => "The address is on a private network, and this server does not fetch from there.",
            Fault::HostNotFound => "There is no host of this name.",
            Fault::CannotConnect => "The host cannot be reached.",
            Fault::NoTls => "No secure connection to the host could be made.",
            Fault::HttpStatus { status } => return format!("The host answered with status {status}."),
            Fault::BadRedirect => "The host named another address that cannot be used.",
            Fault::TooManyRedirects => "The host named another address too often.",
            Fault::BadAnswer => "The host's answer is not one of HTTP.",
            Fault::Stalled => "The host sent nothing for too long.",
            Fault::Interrupted => "The connection was cut too often.",
            Fault::TooLarge => "The file is larger than this queue takes, or than this server allows.",
            Fault::ChecksumMismatch => "The file is not the one whose checksum was given.",
            Fault::FileExists => "There is a file of this name already.",
            Fault::PathTaken => "Another queue is fetching a file of this name.",
            Fault::PathRefused => "The way to this file leads out of the library.",
            Fault::CannotWrite => "The file cannot be written.",
            Fault::DiskFull => "The disk is full, or as full as this server lets it be.",
            Fault::CannotRead => "The library cannot be read.",
            Fault::Internal => "The server could not do it.",
        };
        text.to_owned()
    }

    /// Whether it is the server's own trouble, which its operator should hear of.
    pub(crate) fn is_the_servers(self) -> bool {
        matches!(self, Fault::NoLibrary | Fault::PathRefused | Fault::CannotWrite | Fault::DiskFull | Fault::CannotRead)
    }
}
