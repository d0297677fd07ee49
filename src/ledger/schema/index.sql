-- The search index: where to look. What is there is said by the log alone.
CREATE TABLE state (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    size     INTEGER NOT NULL, -- entries that are indexed, whole chunks
    frontier BLOB NOT NULL,    -- their tree: the roots of its complete subtrees, largest first
    secret   BLOB NOT NULL     -- of the hash that spreads words over buckets
);
CREATE TABLE chunk (
    number  INTEGER PRIMARY KEY, -- entries number * 16384 and on
    first   INTEGER NOT NULL,    -- earliest time in it, milliseconds since 1970
    last    INTEGER NOT NULL,    -- latest
    strange INTEGER NOT NULL     -- entries that are no events
);
CREATE TABLE posting (
    chunk  INTEGER NOT NULL,
    kind   INTEGER NOT NULL, -- enum index_kind
    value  NOT NULL,         -- the text; of words the bucket
    places BLOB NOT NULL,    -- which entries of the chunk
    PRIMARY KEY (chunk, kind, value)
) WITHOUT ROWID;
