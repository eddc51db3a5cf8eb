-- Instants are milliseconds since the Unix epoch. Ids are UUIDv7, which sort by time. What is compared or sorted as text
-- has the collation "C": the order of bytes, which no upgrade of the operating system changes under an index.

CREATE TABLE installation (
    one              integer PRIMARY KEY CHECK (one = 1),
    issuer           text    NOT NULL,
    master_key_check bytea   NOT NULL,
    created_at       bigint  NOT NULL
);

CREATE TABLE users (
    id          uuid    PRIMARY KEY,
    email       text    COLLATE "C" NOT NULL UNIQUE,
    name        text,
    password    text,               -- PHC string of Argon2id
    admin       boolean NOT NULL,
    disabled_at bigint,
    created_at  bigint  NOT NULL,
    updated_at  bigint  NOT NULL
);
CREATE INDEX users_admin ON users (id) WHERE admin;
CREATE INDEX users_disabled ON users (id) WHERE disabled_at IS NOT NULL;

CREATE TABLE clients (
    id         text   COLLATE "C" PRIMARY KEY,
    name       text   NOT NULL,
    kind       text   NOT NULL,
    secret     bytea,               -- SHA-256
    mode       text   NOT NULL,
    audience   text   NOT NULL,     -- JSON
    algorithm  text   NOT NULL,
    lifetimes  text   NOT NULL,     -- JSON
    claims     text   NOT NULL,     -- JSON
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);

CREATE TABLE signing_keys (
    id                 text   COLLATE "C" PRIMARY KEY,
    algorithm          text   NOT NULL,
    state              text   NOT NULL,
    sealed_private_key bytea  NOT NULL,
    created_at         bigint NOT NULL,
    activated_at       bigint,
    published_until    bigint
);

CREATE TABLE setup_link (
    one        integer PRIMARY KEY CHECK (one = 1),
    digest     bytea   NOT NULL,
    expires_at bigint  NOT NULL
);

CREATE TABLE audit (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       bigint NOT NULL,
    actor    text   NOT NULL,
    action   text   NOT NULL,
    target   text,
    detail   text   NOT NULL,       -- JSON, as it was written
    address  text
);

-- The number of the newest change. Whoever makes one holds this row until the commit, so that numbers become visible in
-- their order and without gaps, which a sequence of PostgreSQL does not promise.
CREATE TABLE account_head (
    one      integer PRIMARY KEY CHECK (one = 1),
    sequence bigint  NOT NULL
) WITH (fillfactor = 50);
INSERT INTO account_head VALUES (1, 0);

CREATE TABLE account_changes (
    sequence  bigint PRIMARY KEY,
    kind      text   NOT NULL,
    user_id   uuid,
    client_id text
);

CREATE TABLE sessions (
    id             uuid   PRIMARY KEY,
    user_id        uuid   NOT NULL,
    client_id      text   COLLATE "C" NOT NULL,
    auth_time      bigint NOT NULL,
    address        text,
    user_agent     text,
    generation     bigint NOT NULL,
    last_seen_at   bigint NOT NULL,
    idle_timeout   bigint NOT NULL,
    expires_at     bigint NOT NULL,
    over_at        bigint NOT NULL, -- the earliest of its end, its idle deadline and its absolute end
    secret         bytea,           -- a cookie's: SHA-256
    previous       bytea,
    previous_until bigint,
    counter        bigint,          -- a refresh token's
    rotated_at     bigint,
    refresh_window bigint,
    token_id       uuid,
    tokens_until   bigint,
    ended_at       bigint,
    end_reason     text,
    ended_by       text,
    end_note       text
);
CREATE INDEX sessions_by_user ON sessions (user_id, id);
CREATE INDEX sessions_by_client ON sessions (client_id, id);
CREATE INDEX sessions_by_over_at ON sessions (over_at);

CREATE TABLE tokens (
    id         uuid   PRIMARY KEY,
    session_id uuid   NOT NULL,
    user_id    uuid   NOT NULL,
    client_id  text   COLLATE "C" NOT NULL,
    issued_at  bigint NOT NULL,
    expires_at bigint NOT NULL,
    algorithm  text   NOT NULL,
    key_id     text   NOT NULL,
    claims     text   NOT NULL,     -- byte for byte as they were signed
    digest     bytea  NOT NULL,
    address    text,
    user_agent text,
    revoked_at bigint,
    end_reason text,
    ended_by   text,
    end_note   text
);
CREATE INDEX tokens_by_session ON tokens (session_id, id);
CREATE INDEX tokens_by_user ON tokens (user_id, id);
CREATE INDEX tokens_by_client ON tokens (client_id, id);
CREATE INDEX tokens_by_expires_at ON tokens (expires_at);

-- As with account_head: who appends a marker holds this row until the commit.
CREATE TABLE feed (
    one       integer PRIMARY KEY CHECK (one = 1),
    id        uuid    NOT NULL,
    sequence  bigint  NOT NULL,
    forgotten bigint  NOT NULL
) WITH (fillfactor = 50);
INSERT INTO feed VALUES (1, gen_random_uuid(), 0, 0);

CREATE TABLE markers (
    sequence    bigint  PRIMARY KEY,
    kind        text    NOT NULL,
    target      uuid,               -- a token, session or user
    client_id   text    COLLATE "C",
    begun_below uuid,               -- the least id of the instant that sessions began before
    spared      uuid,               -- a session of the user that is not revoked
    reason      text    NOT NULL,
    made_by     text,
    note        text,
    created_at  bigint  NOT NULL,
    expires_at  bigint  NOT NULL,
    unfinished  boolean NOT NULL,   -- while records that it covers have not been ended
    -- The sessions up to this one have been looked at.
    swept_to    uuid    NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
);
CREATE INDEX markers_by_expires_at ON markers (expires_at);
CREATE INDEX markers_unfinished ON markers (sequence) WHERE unfinished;
