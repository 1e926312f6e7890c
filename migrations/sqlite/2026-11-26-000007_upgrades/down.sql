DROP TABLE shadow_events;
DROP TABLE upgrades;
