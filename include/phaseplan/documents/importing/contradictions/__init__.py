"""Find places of a document that cannot both be right: in structure, in numbers, and in everything else."""
