"""The only code that writes queries: one repository per table, and one for sessions in Redis."""
