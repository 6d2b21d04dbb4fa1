"""What closed windows taught about who buys what next: features that are learned at each origin."""
