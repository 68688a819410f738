"""The pages for backups, encryption, exports, imports, and a locked store."""
