-- The history of one device over all runs, without reading every run.
CREATE INDEX device_key ON device (key, run);
