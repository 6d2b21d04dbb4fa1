"""Next baskets: histories, candidates, features and the two protocols. Pure functions of the lines known at a cut."""
