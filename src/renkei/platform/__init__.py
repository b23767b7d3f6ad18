"""Storage and transport: stores, group commit, logs, outbox, wires, signed calls, clock, the web kit."""
