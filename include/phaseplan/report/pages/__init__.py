"""Pages for people, written as HTML without a script; who may see them is decided elsewhere."""
