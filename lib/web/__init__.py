"""The only part of the program that imports Streamlit: frame, controls, live charts, background runs."""
