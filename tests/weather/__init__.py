"""Bad weather: what the whole bot does when something around it fails."""
