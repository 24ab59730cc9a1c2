"""What strangers' repositories, agents and machines broke, one module a case; `docs/field.md` lists them."""
