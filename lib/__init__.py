"""Two Dice: dropout and top-k sampling, seen and measured. Imports point down: web -> figures -> subject."""
