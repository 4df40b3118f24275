//! Addresses and certificates as a real fleet takes them, without anything to look them up.

/// Class and sentence of a refusal.
pub(super) type Refused = (&'static str, &'static str);

/// The address as it is kept: https, host, port and a plain path, nothing else.
pub(super) fn rebuilt(text: &str) -> Result<String, Refused> {
    const FORMAT: &str = "format";
    if text.len() > 2048 || text.bytes().any(|b| !b.is_ascii_graphic()) {
        return Err((FORMAT, "the address must be printable ASCII without blanks"));
    }
    let Some(rest) = text.strip_prefix("https://") else {
        return Err((FORMAT, "the address must begin with https://"));
    };
    let (authority, path) = match rest.find(['/', '?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    if authority.contains('@') {
        let why = "the address must not hold a user name or password";
        return Err(("forbidden", why));
    }
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "443"));
    let port: u16 = port.parse().unwrap_or_default();
    if port == 0 {
        return Err((FORMAT, "the port of the address is not usable"));
    }
    let path = path.trim_end_matches('/');
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'.' | b'_' | b'~');
    if !path.bytes().all(plain) || path.split('/').any(|part| part == "..") {
        return Err((FORMAT, "the address must have a plain path and no query"));
    }
    let is_label = |label: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(plain)
    };
    if !host.split('.').all(is_label) {
        return Err((
            "address",
            "the host of the server is no DNS name and no address",
        ));
    }
    Ok(format!("https://{host}:{port}{path}"))
}

/// What is between the first and the last mark of a PEM certificate.
pub(super) fn certificates(text: &str) -> Option<String> {
    const END: &str = "-----END CERTIFICATE-----";
    let from = text.find("-----BEGIN CERTIFICATE-----")?;
    let to = text.rfind(END).filter(|to| *to > from)? + END.len();
    Some(format!("{}\n", &text[from..to]))
}
