"""The plan itself: model, loading, rules, analysis. Never imports airflow, git or docker."""
