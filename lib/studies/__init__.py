"""What the Today page reports: schedules, regularisers, data size, the paper's figures, dropout's places, and facts."""
