-- Instants are milliseconds since the Unix epoch. Ids are the sixteen bytes of a UUIDv7, which sort by time.

CREATE TABLE installation (
    one              INTEGER PRIMARY KEY CHECK (one = 1),
    issuer           TEXT    NOT NULL,
    master_key_check BLOB    NOT NULL,
    created_at       INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id          BLOB    PRIMARY KEY,
    email       TEXT    NOT NULL UNIQUE,
    name        TEXT,
    password    TEXT,               -- PHC string of Argon2id
    admin       INTEGER NOT NULL,
    disabled_at INTEGER,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX users_admin ON users (id) WHERE admin = 1;
CREATE INDEX users_disabled ON users (id) WHERE disabled_at IS NOT NULL;

CREATE TABLE clients (
    id         TEXT    PRIMARY KEY,
    name       TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    secret     BLOB,                -- SHA-256
    mode       TEXT    NOT NULL,
    audience   TEXT    NOT NULL,    -- JSON
    algorithm  TEXT    NOT NULL,
    lifetimes  TEXT    NOT NULL,    -- JSON
    claims     TEXT    NOT NULL,    -- JSON
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE signing_keys (
    id                 TEXT    PRIMARY KEY,
    algorithm          TEXT    NOT NULL,
    state              TEXT    NOT NULL,
    sealed_private_key BLOB    NOT NULL,
    created_at         INTEGER NOT NULL,
    activated_at       INTEGER,
    published_until    INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE setup_link (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    digest     BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    actor    TEXT    NOT NULL,
    action   TEXT    NOT NULL,
    target   TEXT,
    detail   TEXT    NOT NULL,      -- JSON
    address  TEXT
) STRICT;

CREATE TABLE account_changes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     TEXT    NOT NULL,
    user     BLOB,
    client   TEXT
) STRICT;

CREATE TABLE sessions (
    id             BLOB    PRIMARY KEY,
    user           BLOB    NOT NULL,
    client         TEXT    NOT NULL,
    auth_time      INTEGER NOT NULL,
    address        TEXT,
    user_agent     TEXT,
    generation     INTEGER NOT NULL,
    last_seen_at   INTEGER NOT NULL,
    idle_timeout   INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    over_at        INTEGER NOT NULL, -- the earliest of its end, its idle deadline and its absolute end
    secret         BLOB,             -- a cookie's: SHA-256
    previous       BLOB,
    previous_until INTEGER,
    counter        INTEGER,          -- a refresh token's
    rotated_at     INTEGER,
    refresh_window INTEGER,
    token          BLOB,
    tokens_until   INTEGER,
    ended_at       INTEGER,
    end_reason     TEXT,
    ended_by       TEXT,
    end_note       TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user, id);
CREATE INDEX sessions_by_client ON sessions (client, id, over_at);
CREATE INDEX sessions_by_over_at ON sessions (over_at);

CREATE TABLE tokens (
    id         BLOB    PRIMARY KEY,
    session    BLOB    NOT NULL,
    user       BLOB    NOT NULL,
    client     TEXT    NOT NULL,
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    algorithm  TEXT    NOT NULL,
    key_id     TEXT    NOT NULL,
    claims     TEXT    NOT NULL,
    digest     BLOB    NOT NULL,
    address    TEXT,
    user_agent TEXT,
    revoked_at INTEGER,
    end_reason TEXT,
    ended_by   TEXT,
    end_note   TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_session ON tokens (session, id, expires_at, revoked_at);
CREATE INDEX tokens_by_user ON tokens (user, id);
CREATE INDEX tokens_by_client ON tokens (client, id);
CREATE INDEX tokens_by_expires_at ON tokens (expires_at, session, revoked_at);

CREATE TABLE feed (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    id        BLOB    NOT NULL,
    sequence  INTEGER NOT NULL,
    forgotten INTEGER NOT NULL
) STRICT;
INSERT INTO feed VALUES (1, randomblob(16), 0, 0);

CREATE TABLE markers (
    sequence   INTEGER PRIMARY KEY,
    kind       TEXT    NOT NULL,
    target     BLOB,                -- a token, session or user
    client     TEXT,
    before     INTEGER,
    spared     BLOB,                -- a session of the user that is not revoked
    reason     TEXT    NOT NULL,
    made_by    TEXT,
    note       TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    unfinished INTEGER NOT NULL,    -- 1 while records that it covers have not been ended
    swept_to   BLOB    NOT NULL     -- the sessions up to this one have been looked at
) STRICT;
CREATE INDEX markers_by_expires_at ON markers (expires_at);
CREATE INDEX markers_unfinished ON markers (sequence) WHERE unfinished = 1;
