"""What Phaseplan needs on a machine, brought there. Standard library only: it runs before any environment exists."""
