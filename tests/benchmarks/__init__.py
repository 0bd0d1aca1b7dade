"""What the program costs. Figures are printed, nothing is asserted."""
