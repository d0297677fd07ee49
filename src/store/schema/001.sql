-- What a run found, and every log-in that was tried.
CREATE TABLE run (
    id TEXT PRIMARY KEY,
    site TEXT NOT NULL,
    scope TEXT NOT NULL,
    started INTEGER NOT NULL, -- milliseconds since 1970 UTC, as all times here
    ended INTEGER NOT NULL,
    partial INTEGER NOT NULL,
    grade TEXT NOT NULL,
    score INTEGER NOT NULL,
    program TEXT NOT NULL,
    rules TEXT NOT NULL,
    catalog TEXT NOT NULL,
    hosts INTEGER NOT NULL,
    packets INTEGER NOT NULL,
    logins INTEGER NOT NULL,
    lockouts INTEGER NOT NULL,
    devices INTEGER NOT NULL,
    fails INTEGER NOT NULL
) STRICT;
CREATE INDEX run_started ON run (started, id);

CREATE TABLE device (
    id INTEGER PRIMARY KEY,
    run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    title TEXT NOT NULL,
    addresses TEXT NOT NULL,
    kind TEXT NOT NULL,
    vendor TEXT,
    model TEXT,
    version TEXT,
    confidence INTEGER NOT NULL
) STRICT;
CREATE INDEX device_run ON device (run);

CREATE TABLE fact (
    device INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    witness INTEGER NOT NULL,
    confidence INTEGER NOT NULL
) STRICT;
CREATE INDEX fact_device ON fact (device);

CREATE TABLE finding (
    run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    verdict TEXT NOT NULL,
    device TEXT NOT NULL, -- key, or 'site'
    title TEXT NOT NULL,
    sentence TEXT NOT NULL,
    waived INTEGER NOT NULL
) STRICT;
CREATE INDEX finding_run ON finding (run);

CREATE TABLE login_try (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- a ticket is never given twice
    account TEXT NOT NULL,
    credential TEXT NOT NULL,
    protocol TEXT NOT NULL,
    at INTEGER NOT NULL,
    outcome INTEGER NOT NULL
) STRICT;
CREATE INDEX login_try_at ON login_try (at);

-- Every name of the device under which the try counts. Columns in the order of the key: quick_check
-- of SQLite 3.40 takes a table without rowid for damaged otherwise.
CREATE TABLE login_key (
    key TEXT NOT NULL,
    try INTEGER NOT NULL REFERENCES login_try (id) ON DELETE CASCADE,
    PRIMARY KEY (key, try)
) STRICT, WITHOUT ROWID;
CREATE INDEX login_key_try ON login_key (try);
