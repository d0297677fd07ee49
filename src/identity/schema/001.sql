-- Accounts, their factors, sessions, roles, attempts and bans. Times are wall milliseconds.
CREATE TABLE user (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE, -- "Anna" and "anna" would be taken for each other
    is_administrator INTEGER NOT NULL,
    is_disabled INTEGER NOT NULL DEFAULT 0,
    password TEXT,        -- argon2id with its parameters; NULL: none yet
    handle BLOB NOT NULL, -- WebAuthn's user.id: random, so that it tells nothing
    created INTEGER NOT NULL,
    last_login INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE invite (
    user INTEGER PRIMARY KEY REFERENCES user ON DELETE CASCADE,
    hash BLOB NOT NULL UNIQUE, -- SHA-256 of the link's secret
    until INTEGER NOT NULL
) STRICT;

CREATE TABLE totp (
    user INTEGER PRIMARY KEY REFERENCES user ON DELETE CASCADE,
    secret BLOB,  -- sealed; NULL: none confirmed yet
    pending BLOB, -- sealed; NULL: none under way
    last_step INTEGER NOT NULL DEFAULT 0 -- no step up to this one is taken again
) STRICT;

CREATE TABLE recovery (
    user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
    hash BLOB NOT NULL, -- BLAKE2b under a key of identity.key
    taken INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE passkey (
    id TEXT PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
    credential BLOB NOT NULL UNIQUE,
    algorithm INTEGER NOT NULL, -- COSE's number
    public_key BLOB NOT NULL,   -- as libfido2 has it
    counter INTEGER NOT NULL,
    name TEXT NOT NULL,
    created INTEGER NOT NULL,
    used INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX passkey_user ON passkey (user);

CREATE TABLE session (
    id TEXT PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE, -- SHA-256 of the cookie
    user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
    factor TEXT NOT NULL,
    ip TEXT NOT NULL,
    agent TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    elevated INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    is_break_glass INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX session_user ON session (user);

CREATE TABLE role (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE
) STRICT;

CREATE TABLE rule (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- a number that was seen once never means another rule
    role INTEGER NOT NULL REFERENCES role ON DELETE CASCADE,
    text TEXT NOT NULL, -- canonical
    UNIQUE (role, text)
) STRICT;

CREATE TABLE member (
    user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
    role INTEGER NOT NULL REFERENCES role ON DELETE CASCADE,
    PRIMARY KEY (user, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_role ON member (role);

CREATE TABLE camera_group (
    name TEXT NOT NULL COLLATE NOCASE,
    camera TEXT NOT NULL,
    PRIMARY KEY (name, camera)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    factor INTEGER NOT NULL, -- the row's place in attempts.def
    account TEXT COLLATE NOCASE, -- NULL: counts for none (any more)
    prefix TEXT,                 -- NULL: counts for none (any more)
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX attempt_account ON attempt (account, factor, at);
CREATE INDEX attempt_prefix ON attempt (prefix, factor, at);
CREATE INDEX attempt_at ON attempt (at);

CREATE TABLE ban (
    net TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    level INTEGER NOT NULL, -- how often before; 0: a person's ban
    reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sealed (
    name TEXT PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- One row: what belongs to the whole database.
CREATE TABLE home (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    key_id BLOB NOT NULL, -- tells identity.key from another
    dummy TEXT NOT NULL   -- password hash that is computed for names without an account
) STRICT;
