"""Two revisions of a made-up room, for the tests of the migration runner."""
