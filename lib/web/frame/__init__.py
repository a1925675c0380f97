"""What is around every page: frame, lesson, navigation, language, source."""
