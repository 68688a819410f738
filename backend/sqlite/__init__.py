"""SQLite as Hearth uses it: driver, dialect, schema, migrations, files."""
