"""Two Dice: dropout and top-k sampling, shown and measured. Imports point down: web -> figures -> subject."""
