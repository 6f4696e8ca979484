"""The benchmark: what the stack costs in CPU time, memory and seconds, compared with the budgets of its design."""
