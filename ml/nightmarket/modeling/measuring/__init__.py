"""What a campaign brought: those it was meant for against those held out at random."""
