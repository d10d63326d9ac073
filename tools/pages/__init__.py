"""The generated pages of docs/, one module each; tools/generate.py writes them."""
