"""What is known about customers coming back: buy-till-you-die models, rhythms of visits, segments. Pure numpy."""
