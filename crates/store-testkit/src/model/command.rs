//! What can happen to a store of sessions. Numbers choose among what there is, so that commands meet.

use proptest::prelude::*;

/// One thing that happens. A `u8` chooses among users, clients or what was made so far.
#[derive(Clone, Debug)]
pub(super) enum Command {
    /// Time goes by.
    Pass { seconds: i64 },
    /// Somebody logs in; the log-in began so many revocations ago.
    Create { user: u8, client: u8, recorded: bool, behind: u64 },
    /// A refresh token comes, this far behind the newest one, or ahead of it.
    Refresh { session: u8, behind: i64 },
    /// A cookie gets a new secret.
    RotateSecret { session: u8 },
    /// A session was seen so many seconds ago.
    Touch { session: u8, ago: u64 },
    /// A session will end in so many seconds.
    Supersede { session: u8, ahead: u64 },
    /// Something is revoked.
    Revoke(Chosen),
    /// What would be revoked is counted.
    Count(Chosen),
    /// Some of the work that is due is done.
    Sweep { limit: u32 },
}

/// What is to be revoked.
#[derive(Clone, Debug)]
pub(super) enum Chosen {
    Token { token: u8 },
    Session { session: u8 },
    Sessions { user: Option<u8>, client: Option<u8>, ago: Option<i64>, but: Option<u8> },
}

/// Any of them, what happens often being more likely.
pub(super) fn command() -> impl Strategy<Value = Command> {
    let passes = prop_oneof![4 => 0_i64..60, 2 => 600_i64..4000, 1 => 80_000_i64..200_000];
    prop_oneof![
        4 => passes.prop_map(|seconds| Command::Pass { seconds }),
        6 => (0_u8..3, 0_u8..2, any::<bool>(), 0_u64..3)
            .prop_map(|(user, client, recorded, behind)| Command::Create { user, client, recorded, behind }),
        6 => (any::<u8>(), prop_oneof![4 => Just(0), 3 => Just(1), 1 => Just(2), 1 => Just(-1)])
            .prop_map(|(session, behind)| Command::Refresh { session, behind }),
        2 => any::<u8>().prop_map(|session| Command::RotateSecret { session }),
        2 => (any::<u8>(), 0_u64..90).prop_map(|(session, ago)| Command::Touch { session, ago }),
        1 => (any::<u8>(), 0_u64..20).prop_map(|(session, ahead)| Command::Supersede { session, ahead }),
        4 => chosen().prop_map(Command::Revoke),
        1 => chosen().prop_map(Command::Count),
        2 => (1_u32..6).prop_map(|limit| Command::Sweep { limit }),
    ]
}

fn chosen() -> impl Strategy<Value = Chosen> {
    use proptest::option::{of, weighted};
    prop_oneof![
        2 => any::<u8>().prop_map(|token| Chosen::Token { token }),
        2 => any::<u8>().prop_map(|session| Chosen::Session { session }),
        4 => (of(0_u8..3), of(0_u8..2), weighted(0.3, 0_i64..4000), weighted(0.3, any::<u8>()))
            // One session is spared only among those of a user.
            .prop_map(|(user, client, ago, but)| Chosen::Sessions { user, client, ago, but: user.and(but) }),
    ]
}
