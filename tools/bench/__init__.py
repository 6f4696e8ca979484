"""The benchmark: what the market costs in CPU time, memory and seconds, beside the budgets of its design."""
