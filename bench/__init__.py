"""What a request costs, against a floor in the same run. Started by `make bench`; never a test."""
