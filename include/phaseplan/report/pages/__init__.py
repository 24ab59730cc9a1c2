"""Write pages for people as HTML without scripts; Airflow decides who may see them."""
