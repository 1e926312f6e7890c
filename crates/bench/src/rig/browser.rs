//! A visitor of the admin: signs in by the form like a person, then opens pages on one kept-alive connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use url::form_urlencoded;

use crate::error::Error;

const DEADLINE: Duration = Duration::from_secs(120);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    cookies: Vec<String>,
    /// The body.
    pub body: String,
}

/// Somebody who is signed in.
#[derive(Debug)]
pub struct Visitor {
    connection: BufReader<TcpStream>,
    address: SocketAddr,
    cookies: String,
}

/// Gets one page on a connection of its own.
///
/// # Errors
/// When nobody answers.
pub fn get_once(address: SocketAddr, path: &str) -> std::io::Result<Answer> {
    exchange(&mut connect(address)?, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"))
}

impl Visitor {
    /// Signs in.
    ///
    /// # Errors
    /// When the form is not there, or the answer gives no session.
    pub fn sign_in(address: SocketAddr, email: &str, password: &str) -> Result<Self, Error> {
        let connection = connect(address).map_err(Error::io("could not connect to the admin"))?;
        let mut visitor = Self { connection, address, cookies: String::new() };
        let page = visitor.send("GET", "/admin/sign-in", "")?;
        let token = hidden_field(&page.body, "csrf")
            .ok_or_else(|| Error::Wrong(format!("the sign-in page has no form: status {}", page.status)))?;
        visitor.cookies = page.cookies.join("; ");
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("csrf", token), ("next", "/admin"), ("email", email), ("password", password)])
            .finish();
        let answer = visitor.send("POST", "/admin/sign-in", &form)?;
        if answer.status != 303 || answer.cookies.is_empty() {
            return Err(Error::Wrong(format!("signing in was answered with status {}", answer.status)));
        }
        visitor.cookies = answer.cookies.join("; ");
        Ok(visitor)
    }

    /// Opens a page; answers how long that took, and its HTML.
    ///
    /// # Errors
    /// When it is not answered with 200.
    pub fn open(&mut self, path: &str) -> Result<(Duration, String), Error> {
        let start = Instant::now();
        let answer = self.send("GET", path, "")?;
        let took = start.elapsed();
        if answer.status == 200 {
            return Ok((took, answer.body));
        }
        Err(Error::Wrong(format!("{path} was answered with status {}", answer.status)))
    }

    fn send(&mut self, method: &str, path: &str, form: &str) -> Result<Answer, Error> {
        let (address, cookies, length) = (self.address, &self.cookies, form.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookies}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
        );
        exchange(&mut self.connection, &request).map_err(Error::io(format!("could not open {path}")))
    }
}

fn connect(address: SocketAddr) -> std::io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect_timeout(&address, DEADLINE)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

fn exchange(connection: &mut BufReader<TcpStream>, request: &str) -> std::io::Result<Answer> {
    connection.get_mut().write_all(request.as_bytes())?;
    read(connection)
}

fn read(from: &mut impl BufRead) -> std::io::Result<Answer> {
    let wrong = |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned());
    let first = line(from)?;
    let status = first.split(' ').nth(1).and_then(|text| text.parse().ok()).ok_or_else(|| wrong("no HTTP answer"))?;
    let (mut length, mut chunked, mut cookies) = (0, false, Vec::new());
    loop {
        let header = line(from)?;
        let Some((name, value)) = header.split_once(':') else { break };
        match (name.to_ascii_lowercase().as_str(), value.trim()) {
            ("content-length", value) => length = value.parse().map_err(|_| wrong("no length"))?,
            ("transfer-encoding", value) => chunked = value.eq_ignore_ascii_case("chunked"),
            ("set-cookie", value) => cookies.push(value.split(';').next().unwrap_or_default().to_owned()),
            _ => {}
        }
    }
    let mut body = Vec::new();
    while chunked {
        let size = usize::from_str_radix(&line(from)?, 16).map_err(|_| wrong("no chunk"))?;
        from.take(size as u64).read_to_end(&mut body)?;
        line(from)?;
        chunked = size != 0;
    }
    from.take(length).read_to_end(&mut body)?;
    Ok(Answer { status, cookies, body: String::from_utf8_lossy(&body).into_owned() })
}

fn line(from: &mut impl BufRead) -> std::io::Result<String> {
    let mut text = String::new();
    if from.read_line(&mut text)? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(text.trim_end().to_owned())
}

fn hidden_field<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = html.split_once(&format!(r#"name="{name}" value=""#))?;
    rest.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_by_length_and_by_chunks() {
        let mut two: &[u8] =
            b"HTTP/1.1 303 See Other\r\nSet-Cookie: a=1; Path=/\r\nset-cookie: b=2\r\nContent-Length: 3\r\n\r\nabc\
            HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n";
        let first = read(&mut two).unwrap();
        assert_eq!((first.status, first.cookies.join("; ").as_str(), first.body.as_str()), (303, "a=1; b=2", "abc"));
        let second = read(&mut two).unwrap();
        assert_eq!((second.status, second.body.as_str()), (200, "def"));
        assert!(read(&mut two).is_err());
    }

    #[test]
    fn nonsense_is_no_answer() {
        for text in ["", "SSH-2.0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"] {
            assert!(read(&mut text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_token_of_a_form_is_found() {
        let html = r#"<form><input type="hidden" name="csrf" value="abc"></form>"#;
        assert_eq!(hidden_field(html, "csrf"), Some("abc"));
        assert_eq!(hidden_field(html, "other"), None);
    }
}
