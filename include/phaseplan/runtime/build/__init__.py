"""One branch, from ready to judged. Every start asks refs and labels how far it got, and goes on from there."""
