"""Live topics over one WebSocket: latest wins, in order from a cursor, and must arrive."""
