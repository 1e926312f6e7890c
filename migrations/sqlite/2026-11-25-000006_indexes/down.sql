DROP INDEX tasks_by_handler;
DROP INDEX audit_entries_by_subject;
