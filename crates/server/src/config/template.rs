//! The configuration file with every key, its default and what it means: what `counterfoil config template` prints.

/// Lines that begin with `#:` are keys with their defaults.
pub(crate) const TEMPLATE: &str = r##"# Counterfoil's configuration. Every line that begins with "#:" is a key with its default: take the "#:" away to
# change it. Flags go over environment variables (COUNTERFOIL_<SECTION>_<KEY>), and those over this file. Where a flag has a variable of its own, --help names it.
# `counterfoil config check --config FILE` says what is wrong with a file, and where.
# Durations are a number and ms, s, m, h or d.

[server]
# Where to listen. Port 0 takes a free one.
#:listen = "127.0.0.1:8080"
# The URL that people use, https:// and a host, without a path. It becomes the issuer of every token at the first start
# and cannot be changed afterwards without refusing them all. Empty: http:// and the address above.
#:public_url = ""
# Reverse proxies whose X-Forwarded-For is believed, for example ["127.0.0.1/32", "10.0.0.0/8"].
#:trusted_proxies = []
# The most bytes of a request's body.
#:body_limit = 65536
# How long a request's body may take to arrive, and after that its answer.
#:request_timeout = "30s"
# How long requests that are under way may take when the server is stopped.
#:shutdown_grace = "10s"
# Connections at a time; further ones wait.
#:max_connections = 10000
# Serve plain HTTP to other machines. Whoever sees the traffic can take over every session.
#:danger_plain_http = false

[storage]
# The folder with the database and the master key.
#:data = "./counterfoil-data"
# Stores by URL. Empty: one SQLite file in the data folder. "sqlite:/path/to/file.db" names another. Several servers share
# "postgres://user:password@host/database" and, for sessions, "redis://user:password@host:6379".
#:accounts = ""
#:sessions = ""
# "full": acknowledged writes survive a power failure. "normal": they survive the death of the process.
#:durability = "full"
# A file with the master key, 32 bytes in base64. Empty: master.key in the data folder, made at the first start.
# The environment variable COUNTERFOIL_MASTER_KEY goes over both.
#:master_key_file = ""
# Take a Redis that throws keys away when its memory is full. It forgets sessions and, worse, revocations.
#:danger_redis_eviction = false

[sign_up]
# Whether anybody may make an account.
#:open = true

[passwords]
# The fewest characters of a new password.
#:min_length = 8
# Argon2id: memory, passes, lanes. Stored hashes are upgraded at the next log-in.
#:memory_kib = 19456
#:iterations = 2
#:parallelism = 1
# Hashing threads, each with that memory while it works. 0: as many as there are processors.
#:workers = 0
# Passwords that can wait. Beyond it log-ins are answered with 503 and Retry-After.
#:queue = 64

[sessions]
# Checked credentials kept in memory, cookies and tokens each.
#:cache_entries = 100000
# How old the view of the revocation feed may be, and what is done past it: "ask_then_refuse" or "refuse".
#:view_limit = "5s"
#:past_view_limit = "ask_then_refuse"
# How long the records of what is over are kept.
#:retention = "7d"
# How long the answer to a revocation waits for connected verifiers to confirm it.
#:confirmation_wait = "250ms"

[keys]
# How old the active signing key may grow before the next one takes over. "0s": rotate by hand.
#:rotation = "90d"

[audit]
# How long audit entries are kept.
#:retention = "400d"

[logging]
# error, warn, info, debug, trace, or directives such as "info,counterfoil_web=debug".
#:level = "info"
# "auto" (pretty on a terminal, JSON otherwise), "pretty" or "json".
#:format = "auto"
"##;
