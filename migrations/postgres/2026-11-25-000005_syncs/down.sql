DROP TABLE sync_windows;
DROP TABLE syncs;
