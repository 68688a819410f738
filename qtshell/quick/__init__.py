"""Quick ask and quick actions."""
