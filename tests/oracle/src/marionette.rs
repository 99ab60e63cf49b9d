//! Firefox's remote control, only to hear its console: nothing else tells why it blocked a fetch.
//! <https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html>

use std::{
    fs,
    io::{self, BufReader, Read, Result, Write},
    net::TcpStream,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

/// Has the Firefox with this profile open `url`, and from then on collects its console.
pub(crate) fn open(profile: &Path, url: &str, console: Arc<Mutex<Vec<String>>>) -> Result<()> {
    let mut firefox = connect(profile)?;
    firefox.call("WebDriver:NewSession", "{}")?;
    firefox.call("Marionette:SetContext", r#"{"value":"chrome"}"#)?;
    firefox.script(
        "globalThis.texts = []; \
         Services.console.registerListener({ observe(m) { globalThis.texts.push(m.message); } });",
    )?;
    firefox.call("Marionette:SetContext", r#"{"value":"content"}"#)?;
    firefox.call("WebDriver:Navigate", &format!(r#"{{"url":"{url}"}}"#))?;
    firefox.call("Marionette:SetContext", r#"{"value":"chrome"}"#)?;
    thread::spawn(move || {
        // Encoded, so that the answer is free of JSON's escapes.
        let take = "return globalThis.texts.splice(0).map(encodeURIComponent).join(' ');";
        while let Ok(answer) = firefox.script(take) {
            let texts =
                answer.split_once("\"value\":\"").and_then(|(_, rest)| rest.split_once('"'));
            let texts = texts.map_or("", |(texts, _)| texts).split(' ').map(decode);
            let mut console = console.lock().unwrap_or_else(PoisonError::into_inner);
            console.extend(texts.filter(|text| !text.is_empty()));
            drop(console);
            thread::sleep(Duration::from_millis(250));
        }
    });
    Ok(())
}

struct Firefox {
    stream: BufReader<TcpStream>,
    calls: usize,
}

fn connect(profile: &Path) -> Result<Firefox> {
    for _ in 0..600 {
        thread::sleep(Duration::from_millis(100));
        let Ok(port) = fs::read_to_string(profile.join("MarionetteActivePort")) else { continue };
        let Ok(stream) = TcpStream::connect(format!("127.0.0.1:{}", port.trim())) else { continue };
        let mut firefox = Firefox { stream: BufReader::new(stream), calls: 0 };
        firefox.read()?;
        return Ok(firefox);
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "Firefox opens no Marionette port"))
}

impl Firefox {
    fn script(&mut self, script: &str) -> Result<String> {
        self.call(
            "WebDriver:ExecuteScript",
            &format!(r#"{{"script":"{script}","args":[],"sandbox":"system","newSandbox":false}}"#),
        )
    }

    fn call(&mut self, command: &str, parameters: &str) -> Result<String> {
        self.calls += 1;
        let message = format!("[0,{},\"{command}\",{parameters}]", self.calls);
        write!(self.stream.get_mut(), "{}:{message}", message.len())?;
        let answer = self.read()?;
        // [1, id, error, result]
        if answer.starts_with(&format!("[1,{},null,", self.calls)) {
            Ok(answer)
        } else {
            Err(io::Error::other(answer))
        }
    }

    /// A message behind its length and a colon.
    fn read(&mut self) -> Result<String> {
        let mut length = 0;
        loop {
            let mut byte = [0];
            self.stream.read_exact(&mut byte)?;
            match byte[0] {
                digit @ b'0'..=b'9' => length = length * 10 + usize::from(digit - b'0'),
                _ => break,
            }
        }
        let mut message = vec![0; length];
        self.stream.read_exact(&mut message)?;
        Ok(String::from_utf8_lossy(&message).into_owned())
    }
}

/// What `encodeURIComponent` wrote.
fn decode(text: &str) -> String {
    let mut bytes = vec![];
    let mut parts = text.split('%');
    bytes.extend(parts.next().unwrap_or_default().bytes());
    for part in parts {
        let (code, rest) = part.split_at(2.min(part.len()));
        bytes.extend(u8::from_str_radix(code, 16));
        bytes.extend(rest.bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
