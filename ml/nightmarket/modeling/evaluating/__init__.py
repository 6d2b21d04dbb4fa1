"""One evaluation for every family: rounds at rolling cut-offs, seeds, shuffled arms, canaries, slices."""
