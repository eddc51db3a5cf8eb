//! Checks inside the library: a credential seen before, and a token at first sight against the bare signature check.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterfoil_core::Mode;
use counterfoil_core::account::{ClientChange, KeyAlgorithm};
use counterfoil_core::audit::Actor;
use counterfoil_core::session::Origin;
use counterfoil_jose::{JwkSet, KeySet};
use counterfoil_service::{
    Authority, By, HashingSettings, MasterKey, NewClient, NewUser, Presented, Settings, SignIn, SignedIn,
    Stores, SystemClock, SystemEntropy,
};
use zeroize::Zeroizing;

use crate::process::{EMAIL, PASSWORD};
use crate::table::{Bar, Table, median};
use crate::{Effort, seed};

pub(crate) fn measure(effort: Effort, table: &mut Table) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let folder = tempfile::TempDir::new()?;
        let authority = authority(folder.path()).await?;
        let background = authority.run();
        seen(&authority, effort, table).await?;
        for algorithm in KeyAlgorithm::ALL {
            first_sight(&authority, algorithm, effort, table).await?;
        }
        background.stop().await;
        Ok(())
    })
}

async fn authority(folder: &std::path::Path) -> anyhow::Result<Authority> {
    let store = seed::open(&folder.join("library.db"))?;
    let stores = Stores { accounts: Arc::clone(&store) as _, sessions: store as _ };
    let hashing = HashingSettings { memory_kib: 8, iterations: 1, parallelism: 1, workers: 1, queue: 64 };
    let settings = Settings { hashing, ..Settings::default() };
    let master = MasterKey::generate(&SystemEntropy);
    let authority =
        Authority::open(stores, settings, &master, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
    let by = By { actor: Actor::CommandLine, address: None };
    let new = NewUser {
        email: EMAIL.to_owned(),
        password: Some(Zeroizing::new(PASSWORD.to_owned())),
        name: None,
        admin: false,
    };
    authority.add_user(new, &by).await?;
    for mode in Mode::ALL {
        let change = ClientChange { mode: Some(mode), ..ClientChange::default() };
        let id = Some(mode.as_str().parse()?);
        authority.add_client(NewClient { id, name: mode.to_string(), service: false, change }, &by).await?;
    }
    Ok(authority)
}

async fn sign_in(authority: &Authority, client: Mode) -> anyhow::Result<String> {
    let sign_in = SignIn { email: EMAIL, password: PASSWORD, client: Some(client.as_str()), replaces: None };
    Ok(match authority.sign_in(sign_in, &Origin::default()).await? {
        SignedIn::Cookie { cookie, .. } => cookie.value.to_string(),
        SignedIn::Jwt(access) | SignedIn::Recorded { access, .. } => access.token,
    })
}

async fn seen(authority: &Authority, effort: Effort, table: &mut Table) -> anyhow::Result<()> {
    for mode in Mode::ALL {
        let credential = sign_in(authority, mode).await?;
        let presented = match mode {
            Mode::Cookie => Presented::Cookie(&credential),
            Mode::Jwt | Mode::Recorded => Presented::Bearer(&credential),
        };
        let per_round = effort.pick(1000, 20_000_u32);
        let mut rounds = Vec::new();
        for _ in 0..effort.pick(5, 51) {
            let started = Instant::now();
            for _ in 0..per_round {
                black_box(authority.check(black_box(presented)).await?);
            }
            rounds.push(started.elapsed().as_secs_f64() * 1e6 / f64::from(per_round));
            tokio::task::yield_now().await;
        }
        let micros = median(&rounds);
        let what = format!("check in the library, seen before, {mode}");
        table.row(&what, format!("{micros:.2} µs"), "–".to_owned(), micros, " µs", Bar::AtMost(1.0));
    }
    Ok(())
}

async fn first_sight(
    authority: &Authority,
    algorithm: KeyAlgorithm,
    effort: Effort,
    table: &mut Table,
) -> anyhow::Result<()> {
    let by = By { actor: Actor::CommandLine, address: None };
    let change = ClientChange { algorithm: Some(algorithm), ..ClientChange::default() };
    authority.edit_client(&"recorded".parse()?, change, &by).await?;
    let mut tokens = Vec::new();
    for _ in 0..effort.pick(50, 1000) {
        tokens.push(sign_in(authority, Mode::Recorded).await?);
    }
    let set = JwkSet::parse(&authority.jwks().body)?;
    let keys: KeySet =
        set.keys.iter().filter_map(|jwk| counterfoil_jose::VerifyingKey::from_jwk(jwk).ok()).collect();
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for token in &tokens {
        let (input, signature) = token.rsplit_once('.').context("a token")?;
        let signature = URL_SAFE_NO_PAD.decode(signature)?;
        let kid = counterfoil_jose::Unverified::parse(token)?.header().kid.clone();
        let key = keys.get(&kid).context("its key")?;
        let started = Instant::now();
        black_box(key.verify_signature(black_box(input.as_bytes()), &signature))?;
        bare.push(started.elapsed().as_secs_f64() * 1e6);
        let started = Instant::now();
        black_box(authority.check(Presented::Bearer(black_box(token))).await?);
        ours.push(started.elapsed().as_secs_f64() * 1e6);
    }
    let (ours, bare) = (median(&ours), median(&bare));
    let what = format!("check in the library, first sight, {algorithm}");
    table.row(
        &what,
        format!("{ours:.1} µs"),
        format!("bare signature {bare:.1} µs"),
        ours / bare,
        " ×",
        Bar::AtMost(1.15),
    );
    Ok(())
}
