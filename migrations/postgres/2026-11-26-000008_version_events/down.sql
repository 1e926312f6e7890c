DROP INDEX object_versions_by_event;
