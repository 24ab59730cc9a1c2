"""What a run owes the branches that earlier runs have integrated: reused, gated again, or built anew."""
