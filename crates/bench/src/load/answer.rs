//! Reading an HTTP/1.1 answer by hand: as little work as possible, since the server shares the machine.

/// The head of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// How many bytes head and body take together.
    pub size: usize,
    /// The server will close the connection after it.
    pub closes: bool,
}

/// Reads the head of an answer; none until it is there as a whole.
///
/// # Errors
/// With the reason when it is no answer, or does not say its length.
pub fn read(bytes: &[u8]) -> Result<Option<Answer>, &'static str> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let mut lines = bytes[..end].split(|byte| *byte == b'\n');
    let status = lines.next().and_then(status).ok_or("the answer is not HTTP/1.1")?;
    let (mut length, mut closes) = (None, false);
    for line in lines {
        length = length.or_else(|| value(line, b"content-length:")?.parse::<usize>().ok());
        closes |= value(line, b"connection:").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    }
    let length = length.ok_or("the answer has no Content-Length")?;
    Ok(Some(Answer { status, size: end + 4 + length, closes }))
}

fn status(line: &[u8]) -> Option<u16> {
    let rest = line.strip_prefix(b"HTTP/1.1 ")?;
    std::str::from_utf8(rest.get(..3)?).ok()?.parse().ok()
}

fn value<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a str> {
    let (found, value) = line.split_at_checked(name.len())?;
    if !found.eq_ignore_ascii_case(name) {
        return None;
    }
    std::str::from_utf8(value).ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, size: usize, closes: bool) -> Result<Option<Answer>, &'static str> {
        Ok(Some(Answer { status, size, closes }))
    }

    #[test]
    fn answers_are_read() {
        let table: [(&str, Result<Option<Answer>, &str>); 7] = [
            ("", Ok(None)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", Ok(None)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", answer(200, 41, false)),
            ("HTTP/1.1 404 X\r\na: b\r\ncontent-length:0\r\n\r\n", answer(404, 42, false)),
            ("HTTP/1.1 204 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", answer(204, 56, true)),
            ("HTTP/1.1 200 OK\r\n\r\n", Err("the answer has no Content-Length")),
            ("SSH-2.0\r\n\r\n", Err("the answer is not HTTP/1.1")),
        ];
        for (text, expected) in table {
            assert_eq!(read(text.as_bytes()), expected, "{text:?}");
        }
    }
}
