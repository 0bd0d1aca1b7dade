"""Memory: tables, history, traces, documents. It keeps and finds; it decides nothing."""
