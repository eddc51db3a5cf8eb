//! `counterfoil serve`

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use counterfoil_core::audit::Actor;
use counterfoil_service::{Authority, By};
use counterfoil_web::{Web, WebSettings};
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use super::{Failure, Output};
use crate::boot::{FolderLock, Installation, Purpose, open_folder, refuse_plain_http};
use crate::config::{Config, LogFormat, Span, parse_span};
use crate::http::{self, Limits};
use crate::{control, telemetry};

/// Start the server
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Serve {
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", env = "COUNTERFOIL_LISTEN")]
    listen: Option<String>,
    /// The data folder, made if it is not there [default: ./counterfoil-data]
    #[arg(long, value_name = "DIR", env = "COUNTERFOIL_DATA")]
    data: Option<PathBuf>,
    /// The store of accounts [default: a database in the data folder]
    #[arg(long, value_name = "URL", env = "COUNTERFOIL_ACCOUNTS", hide_env_values = true)]
    accounts: Option<String>,
    /// The store of sessions [default: the same database]
    #[arg(long, value_name = "URL", env = "COUNTERFOIL_SESSIONS", hide_env_values = true)]
    sessions: Option<String>,
    /// The configuration file
    #[arg(long, value_name = "FILE", env = "COUNTERFOIL_CONFIG")]
    config: Option<PathBuf>,
    /// The URL that people use, https:// and a host; fixed at the first start
    #[arg(long, value_name = "URL", env = "COUNTERFOIL_PUBLIC_URL")]
    public_url: Option<String>,
    /// Take another public URL than the stored one; every token given out before is refused then
    #[arg(long)]
    change_issuer: bool,
    /// A reverse proxy whose X-Forwarded-For is believed, as a network; can be repeated
    #[arg(long, value_name = "CIDR", env = "COUNTERFOIL_TRUSTED_PROXY", value_delimiter = ',')]
    trusted_proxy: Vec<IpNet>,
    /// The file with the master key [default: master.key in the data folder]
    #[arg(long, value_name = "FILE", env = "COUNTERFOIL_MASTER_KEY_FILE")]
    master_key_file: Option<PathBuf>,
    /// How long requests that are under way may take when the server is stopped [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = parse_span, env = "COUNTERFOIL_SHUTDOWN_GRACE")]
    shutdown_grace: Option<Duration>,
    /// The log level [default: info]
    #[arg(long, value_name = "LEVEL", env = "COUNTERFOIL_LOG_LEVEL")]
    log_level: Option<String>,
    /// How the log is written [default: auto]
    #[arg(long, value_name = "FORMAT", env = "COUNTERFOIL_LOG_FORMAT")]
    log_format: Option<LogFormat>,
    /// Serve plain HTTP to other machines: whoever sees the traffic can take over every session
    #[arg(long, env = "COUNTERFOIL_DANGER_PLAIN_HTTP")]
    danger_plain_http: bool,
}

const EXAMPLES: &str = "\
Examples:
  counterfoil serve
  counterfoil serve --listen 127.0.0.1:9000 --data /var/lib/counterfoil
  counterfoil serve --public-url https://id.example.test --trusted-proxy 127.0.0.1/32
  counterfoil serve --config counterfoil.toml      (counterfoil config template prints one)";

impl Serve {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let started = Instant::now();
        let change_issuer = self.change_issuer;
        let config = self.into_config()?;
        telemetry::start(&config.logging);
        raise_file_limit(config.server.max_connections);
        // On one processor a second thread could only get in the way.
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut runtime = match processors {
            1 => tokio::runtime::Builder::new_current_thread(),
            _ => tokio::runtime::Builder::new_multi_thread(),
        };
        runtime.enable_all().build()?.block_on(serve(config, change_issuer, started))
    }

    fn into_config(self) -> Result<Config, Failure> {
        let mut config = Config::load(self.config.as_deref())?;
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        fn set<T>(slot: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *slot = value;
            }
        }
        set(&mut config.server.listen, self.listen);
        set(&mut config.server.public_url, self.public_url);
        set(
            &mut config.server.trusted_proxies,
            Some(self.trusted_proxy).filter(|proxies| !proxies.is_empty()),
        );
        set(&mut config.server.shutdown_grace, self.shutdown_grace.map(Span));
        config.server.danger_plain_http |= self.danger_plain_http;
        set(&mut config.storage.data, self.data.map(text));
        set(&mut config.storage.accounts, self.accounts);
        set(&mut config.storage.sessions, self.sessions);
        set(&mut config.storage.master_key_file, self.master_key_file.map(text));
        set(&mut config.logging.level, self.log_level);
        set(&mut config.logging.format, self.log_format);
        Ok(config.checked()?)
    }
}

async fn serve(config: Config, change_issuer: bool, started: Instant) -> Result<(), Failure> {
    let listener = TcpListener::bind(&config.server.listen).await.with_context(|| {
        format!(
            "cannot listen at {}: if it is this server that runs there already, there is nothing to do; else choose \
             another address with --listen",
            config.server.listen
        )
    })?;
    let address = listener.local_addr()?;
    let public_url = Some(config.server.public_url.as_str()).filter(|url| !url.is_empty());
    refuse_plain_http(address, public_url, config.server.danger_plain_http)?;
    let folder = PathBuf::from(&config.storage.data);
    open_folder(&folder, true)?;
    let lock = FolderLock::take(&folder)?;
    let purpose = Purpose::Serve { fallback_issuer: format!("http://{address}"), change_issuer };
    let installation = Installation::open(&config, purpose).await?;
    let authority = installation.authority.clone();
    let control = control::listen(&folder)?;
    let control = tokio::spawn(control::answer(control, installation.stores.clone(), authority.clone()));
    let background = authority.run();

    let web = Web::new(
        WebSettings {
            trusted_proxies: config.server.trusted_proxies.clone(),
            body_limit: config.server.body_limit,
            request_timeout: config.server.request_timeout.0,
            listen: address.to_string(),
        },
        authority.clone(),
    );
    let limits = Limits { connections: config.server.max_connections, grace: config.server.shutdown_grace.0 };
    // Before it says that it is there: whoever reads that may stop it at once.
    let stopped = stop_signal()?;
    greet(&authority, &config, address, started).await?;
    let (stop, stopping) = tokio::sync::oneshot::channel::<()>();
    let mut connections = tokio::spawn(http::serve(listener, web, limits, async {
        let _ = stopping.await;
    }));
    // A server that accepts nobody any more must not look like one that does.
    let lost = tokio::select! {
        () = stopped => None,
        ended = &mut connections => Some(ended),
    };
    tracing::info!("stopping: finishing what is under way");
    let _ = stop.send(());
    // Feed subscriptions end with the background work; the other requests end by themselves.
    background.stop().await;
    if lost.is_none() {
        let _ = connections.await;
    }
    authority.note_last_uses().await;
    control.abort();
    installation.close().await;
    drop(lock);
    tracing::info!("stopped");
    match lost {
        None => Ok(()),
        Some(ended) => Err(anyhow::anyhow!("connections are not accepted any more: {ended:?}").into()),
    }
}

/// Lets the process have a file for each connection, as far as the system allows, and says so where it does not.
fn raise_file_limit(connections: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    /// The database, the log, the listener, and what the runtime has open.
    const BESIDES: u64 = 128;
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(BESIDES);
    let limit = getrlimit(Resource::Nofile);
    let current = limit.current.unwrap_or(u64::MAX);
    if current >= wanted {
        return;
    }
    let most = limit.maximum.unwrap_or(u64::MAX).min(wanted);
    let raised = Rlimit { current: Some(most), maximum: limit.maximum };
    if setrlimit(Resource::Nofile, raised).is_err() || most < wanted {
        tracing::warn!(
            files = most,
            connections,
            "the system allows fewer open files than connections are configured: raise `ulimit -n`, or lower \
             server.max_connections"
        );
    }
}

/// Resolves at the first signal to stop. A second one ends the process at once.
fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            std::process::exit(1);
        });
    })
}

/// Says where it listens and how to begin.
async fn greet(
    authority: &Authority,
    config: &Config,
    address: SocketAddr,
    started: Instant,
) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let mut lines = vec![
        format!("Counterfoil {version} listening on http://{address}"),
        format!("  data folder  {}", config.storage.data),
    ];
    if authority.issuer() != format!("http://{address}") {
        lines.push(format!("  public URL   {}", authority.issuer()));
    }
    if !authority.has_administrator().await? {
        let by = By { actor: Actor::System, address: None };
        let link = authority.new_setup_link(&by).await?;
        // An installation of this machine that listens elsewhere today: its link is where it listens.
        let issuer = authority.issuer();
        let link = match issuer.starts_with("http://") {
            true => Zeroizing::new(link.replacen(issuer, &format!("http://{address}"), 1)),
            false => link,
        };
        lines.push(format!("  first administrator: open {} within an hour", *link));
    }
    let (took, resident) = (started.elapsed().as_millis(), resident_mib());
    let memory = resident.map(|mib| format!(", using {mib:.1} MiB")).unwrap_or_default();
    lines.push(format!("  started in {took} ms{memory}"));
    // A terminal that shows the lines below needs no log of them. The set-up link is in no log.
    if !std::io::stdout().is_terminal() {
        let took_ms = u64::try_from(took).unwrap_or(u64::MAX);
        tracing::info!(version, %address, data = config.storage.data, took_ms, resident_mib = resident, "listening");
    }
    Output::text(&lines.join("\n"))
}

/// Resident memory, where the system tells.
fn resident_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib / 1024.0)
}
