//! One keep-alive connection to the server.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::answer;

/// How long an answer may take: Stripe itself waits about as long.
const DEADLINE: Duration = Duration::from_secs(20);

/// One keep-alive connection.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
    /// The server said that it would close it.
    closes: bool,
}

impl Connection {
    /// Opens a connection.
    ///
    /// # Errors
    /// When the server does not take it.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { address, stream, buffer: Vec::with_capacity(4096), closes: false })
    }

    /// Opens it anew after a failure.
    ///
    /// # Errors
    /// When the server does not take it.
    pub async fn reopen(&mut self) -> io::Result<()> {
        *self = Self::open(self.address).await?;
        Ok(())
    }

    /// Posts a request whose bytes come in two parts; answers the status.
    ///
    /// # Errors
    /// When the connection breaks, the answer makes no sense, or it takes longer than 20 s.
    pub async fn post(&mut self, start: &[u8], rest: &[u8]) -> io::Result<u16> {
        timeout(DEADLINE, self.exchange(start, rest)).await?
    }

    async fn exchange(&mut self, start: &[u8], rest: &[u8]) -> io::Result<u16> {
        // It counts: a client of a server that keeps no connections has to do the same.
        if self.closes {
            self.reopen().await?;
        }
        let written = self.stream.write_vectored(&[IoSlice::new(start), IoSlice::new(rest)]).await?;
        // The kernel takes 3 kB at once unless its buffer is full.
        if let Some(left) = start.get(written..) {
            self.stream.write_all(left).await?;
            self.stream.write_all(rest).await?;
        } else if let Some(left) = rest.get(written - start.len()..) {
            self.stream.write_all(left).await?;
        }
        self.answer().await
    }

    async fn answer(&mut self) -> io::Result<u16> {
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection"));
            }
            let answer = answer::read(&self.buffer);
            match answer.map_err(|reason| io::Error::new(io::ErrorKind::InvalidData, reason))? {
                Some(answer) if self.buffer.len() >= answer.size => {
                    self.closes = answer.closes;
                    return Ok(answer.status);
                }
                Some(_) | None => {}
            }
        }
    }
}
