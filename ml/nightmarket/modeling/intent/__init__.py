"""What closed windows taught about who buys what next: features of ``purchase_intent`` that are learned at each origin."""
