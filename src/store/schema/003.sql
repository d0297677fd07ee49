-- What a device said at a log-in, and what it was then: rotation begins anew when that changes.
ALTER TABLE login_try ADD COLUMN remaining INTEGER;    -- wrong log-ins left; NULL: not said
ALTER TABLE login_try ADD COLUMN locked_until INTEGER; -- NULL: not said
ALTER TABLE login_try ADD COLUMN state TEXT;           -- serial number, firmware, activation

-- The lock-out policy that a device's configuration told, under every name of the device.
CREATE TABLE lock_policy (
    key TEXT PRIMARY KEY,
    tries INTEGER NOT NULL,
    seconds INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
