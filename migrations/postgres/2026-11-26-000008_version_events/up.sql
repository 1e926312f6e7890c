-- Whether the content of an event is kept here is asked for each event of an object.
CREATE INDEX object_versions_by_event ON object_versions (event_id) WHERE event_id IS NOT NULL;
