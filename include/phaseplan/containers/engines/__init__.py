"""The engines of the engines file: reached by address, told apart by identity, filled up to their capacity."""
