//! Starts a browser on the page, with a fresh profile, and collects what its console says.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Result},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{self, Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use crossgate::browser::console::Engine;

use crate::marionette;

/// A running browser; it ends with this value.
pub(crate) struct Browser {
    child: Child,
    folder: PathBuf,
    console: Arc<Mutex<Vec<String>>>,
}

pub(crate) fn is_installed(engine: Engine) -> bool {
    program(engine).is_some()
}

fn program(engine: Engine) -> Option<PathBuf> {
    let places: &[&str] = match engine {
        Engine::Chromium => &["/usr/bin/chromium"],
        Engine::Firefox => &["/usr/bin/firefox-esr", "/usr/bin/firefox"],
        Engine::WebKit => &[
            "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
            "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
        ],
    };
    places.iter().map(PathBuf::from).find(|place| place.exists())
}

pub(crate) fn version(engine: Engine) -> String {
    let output = program(engine).and_then(|program| {
        Command::new(program).arg("--version").stderr(Stdio::null()).output().ok()
    });
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.filter(|text| !text.is_empty()).unwrap_or_else(|| engine.as_str().into())
}

pub(crate) fn launch(engine: Engine, url: &str) -> Result<Browser> {
    let program = program(engine).ok_or(io::ErrorKind::NotFound)?;
    let folder = env::temp_dir().join(format!("oracle-{}-{}", engine.as_str(), process::id()));
    fs::create_dir_all(&folder)?;
    let profile = folder.to_string_lossy().into_owned();
    let mut command;
    match engine {
        Engine::Chromium => {
            command = Command::new(program);
            command.args(CHROMIUM_FLAGS).arg(format!("--user-data-dir={profile}")).arg(url);
        }
        Engine::Firefox => {
            fs::write(folder.join("user.js"), FIREFOX_PREFERENCES)?;
            command = Command::new(program);
            command.args(["--headless", "--no-remote", "--profile", &profile]);
            command.args(["--marionette", "-remote-allow-system-access", "about:blank"]);
        }
        Engine::WebKit => {
            // Its console is buffered by its C library.
            command = Command::new("stdbuf");
            command.args(["-oL", "xvfb-run", "--auto-servernum"]).arg(program);
            command.arg("--enable-write-console-messages-to-stdout=true").arg(url);
            // Its sandbox cannot be set up inside another one.
            command.env("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1");
        }
    }
    command.env("HOME", &folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.process_group(0).spawn()?;
    let console = Arc::default();
    if let Some(stdout) = child.stdout.take() {
        collect(stdout, Arc::clone(&console));
    }
    if let Some(stderr) = child.stderr.take() {
        collect(stderr, Arc::clone(&console));
    }
    let browser = Browser { child, folder, console };
    if engine == Engine::Firefox {
        marionette::open(&browser.folder, url, Arc::clone(&browser.console))?;
    }
    Ok(browser)
}

impl Browser {
    pub(crate) fn console(&self) -> Vec<String> {
        self.console.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The whole group: each browser is several processes.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn collect(from: impl io::Read + Send + 'static, console: Arc<Mutex<Vec<String>>>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(from);
        let mut line = vec![];
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            console.lock().unwrap_or_else(PoisonError::into_inner).push(text);
            line.clear();
        }
    });
}

const CHROMIUM_FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--log-level=0",
];

const FIREFOX_PREFERENCES: &str = r#"
user_pref("marionette.port", 0);
user_pref("app.normandy.enabled", false);
user_pref("app.update.disabledForTesting", true);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("dom.push.connection.enabled", false);
user_pref("extensions.getAddons.cache.enabled", false);
user_pref("extensions.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,");
user_pref("toolkit.telemetry.enabled", false);
"#;
