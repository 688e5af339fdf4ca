//! Why a server is not trusted, and what to do: what rustls says of a certificate, in the words of somebody who runs a clinic.

use std::error::Error;
use std::io;

use tokio_rustls::rustls::{CertificateError, Error as TlsError};

/// What to do about a certificate that is refused; None where `error` is about something else.
pub fn distrust(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let TlsError::InvalidCertificate(why) = tls_error(error)? else { return None };
    Some(match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has run out: ask whoever runs it for a new one, and see that this machine's clock is right"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet: see that this machine's clock is right (timedatectl set-ntp true)"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name: write the name that the provider gives as `host`; if it is that already, somebody \
             else answers there"
        }
        CertificateError::UnknownIssuer => {
            "nobody whom this machine trusts vouches for its certificate: for a server of your own name the certificate with \
             `ca_file`; else somebody else answers there"
        }
        _ => "its certificate cannot be trusted: ask whoever runs it",
    })
}

/// What rustls says, wherever in the chain of causes it stands.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a TlsError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<TlsError>() {
            return Some(found);
        }
        if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref)
            && let Some(found) = tls_error(inner)
        {
            return Some(found);
        }
        next = error.source();
    }
    None
}
