"""What the end-to-end tests stand on: the proxy as a process, its peers, and certificates."""
