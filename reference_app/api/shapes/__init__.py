"""What requests and responses hold, one module per topic."""
