//! Plain bytes in, sealed bytes out: XChaCha20-Poly1305, bound to what they are, so that no two can be swapped.

use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::store::{MasterKey, StoreError};

/// First byte of everything sealed: how it was sealed.
const LAYOUT: u8 = 1;
const NONCE_BYTES: usize = 24;

/// A record's own key. When its sealed file is destroyed, the record is.
pub(in crate::store) struct RecordKey(Zeroizing<[u8; 32]>);

impl RecordKey {
    pub(in crate::store) fn generate() -> Result<Self, StoreError> {
        let key = Key::try_generate().map_err(|_| StoreError::Random)?;
        Ok(Self(Zeroizing::new(key.into())))
    }

    pub(in crate::store) fn wrap(&self, master: &MasterKey, id: &str) -> Result<Vec<u8>, StoreError> {
        seal(&master.key, &format!("key/{id}"), &*self.0)
    }

    pub(in crate::store) fn unwrap(master: &MasterKey, id: &str, sealed: &[u8]) -> Result<Self, StoreError> {
        let what = format!("key/{id}");
        let bytes = Zeroizing::new(open_with_master(master, &what, sealed)?);
        let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| StoreError::Seal { what })?;
        Ok(Self(Zeroizing::new(key)))
    }

    pub(in crate::store) fn seal(&self, what: &str, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        seal(&self.0, what, plain)
    }

    pub(in crate::store) fn open(&self, what: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        open(&self.0, what, sealed)
    }
}

/// Seals with the master key itself: for what belongs to no record.
pub(in crate::store) fn seal_with_master(master: &MasterKey, what: &str, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
    seal(&master.key, what, plain)
}

/// Opens what the master key sealed, or, while it is being changed, the one before.
pub(in crate::store) fn open_with_master(master: &MasterKey, what: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
    match (open(&master.key, what, sealed), &master.before) {
        (Err(_), Some((before, _))) => open(before, what, sealed),
        (opened, _) => opened,
    }
}

fn seal(key: &[u8; 32], what: &str, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
    let nonce = XNonce::try_generate().map_err(|_| StoreError::Random)?;
    let cipher = XChaCha20Poly1305::new(key.into());
    let sealed = cipher.encrypt(&nonce, Payload { msg: plain, aad: what.as_bytes() });
    let sealed = sealed.map_err(|_| StoreError::Seal { what: what.to_owned() })?;
    Ok([&[LAYOUT], nonce.as_slice(), &sealed].concat())
}

fn open(key: &[u8; 32], what: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let broken = || StoreError::Seal { what: what.to_owned() };
    let (&LAYOUT, rest) = sealed.split_first().ok_or_else(broken)? else { return Err(broken()) };
    let (nonce, body) = rest.split_at_checked(NONCE_BYTES).ok_or_else(broken)?;
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| broken())?;
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher.decrypt(&nonce.into(), Payload { msg: body, aad: what.as_bytes() }).map_err(|_| broken())
}
