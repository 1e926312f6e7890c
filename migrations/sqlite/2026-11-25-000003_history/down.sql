DROP TABLE object_versions;
