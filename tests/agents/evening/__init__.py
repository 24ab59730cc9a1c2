"""One Airflow and one run of four phases at once, each with a provider of its own; the tests look at what it leaves."""
