-- What was done to one thing, and the tasks of one handler, are looked for in logs of any length.
CREATE INDEX audit_entries_by_subject ON audit_entries (subject, id);
CREATE INDEX tasks_by_handler ON tasks (handler, id);
