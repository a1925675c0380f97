"""Figures: a result and its labels in, a Plotly figure out. Pure functions; no Streamlit, no translation."""
