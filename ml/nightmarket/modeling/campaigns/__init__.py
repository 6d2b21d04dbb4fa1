"""What numpy makes of customers and campaigns better than SQL."""
