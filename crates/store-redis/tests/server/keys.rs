//! The keys: how long they live, and how many of them a list touches.

use counterfoil_core::PageRequest;
use counterfoil_core::port::{SessionFilter, SessionStore, TokenFilter};
use counterfoil_store_testkit::build::at;
use counterfoil_store_testkit::run;
use counterfoil_store_testkit::servers::redis::Redis;

use super::{all_keys, ask, live, log_in, open};

#[test]
fn every_key_but_the_feeds_goes_by_itself() {
    run(async {
        let redis = Redis::start();
        let store = open(&redis).await;
        for _ in 0..3 {
            live(&store).await;
        }
        let keys = all_keys(&redis).await;
        assert!(keys.len() > 10, "{keys:?}");
        for key in keys {
            let left: i64 = ask(&redis, &format!("PTTL {key}")).await;
            let eight_days = 8 * 24 * 3_600_000;
            if key.starts_with("cf:{feed}") {
                assert_eq!(left, -1, "{key}");
            } else {
                // The sessions of these tests end after a day.
                let expected = eight_days..eight_days + 25 * 3_600_000;
                assert!(expected.contains(&left), "{key}: {left}");
            }
        }
        // And when all is over and swept, only the feed is left, without markers.
        let late = at(40 * 24 * 3600);
        while store.sweep(late, late, 100).await.unwrap().more {}
        let mut keys = all_keys(&redis).await;
        keys.sort();
        assert_eq!(keys, ["cf:{feed}", "cf:{feed}:head"]);
        assert_eq!(ask::<u64>(&redis, "XLEN cf:{feed}").await, 0);
    });
}

#[test]
fn a_page_costs_the_same_whatever_the_book_holds() {
    run(async {
        let redis = Redis::start();
        let store = open(&redis).await;
        let mut costs = Vec::new();
        for piece in 0..2 {
            for number in 0..600 {
                // The first ones sparse, the others close to each other.
                let begun = if piece == 0 { at(number * 60) } else { at(36_000 + number / 60) };
                log_in(&store, begun).await;
            }
            let before = commands(&redis).await;
            let (now, any) = (at(36_001), SessionFilter::default());
            let page = store.sessions(&any, PageRequest::new(50, None), now).await.unwrap();
            assert_eq!(page.items.len(), 50);
            let any = TokenFilter::default();
            let page = store.tokens(&any, PageRequest::new(50, None), now).await.unwrap();
            assert_eq!(page.items.len(), 50);
            costs.push(commands(&redis).await - before);
        }
        // Two records each, and what it takes to find them. The task that follows the feed asks too.
        assert!(costs.iter().all(|cost| (102..300).contains(cost)), "{costs:?}");
    });
}

async fn commands(redis: &Redis) -> i64 {
    let info: String = ask(redis, "INFO stats").await;
    let line = info.lines().find_map(|line| line.strip_prefix("total_commands_processed:")).unwrap();
    line.trim().parse().unwrap()
}
