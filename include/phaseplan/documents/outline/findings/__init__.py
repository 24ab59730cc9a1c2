"""Find what is wrong with an outline, and what of its document no reader has used."""
