"""Shared files: fetched, read in an isolated worker, stored per page, excerpted for prompts."""
