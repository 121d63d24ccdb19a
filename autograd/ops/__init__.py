"""The operations by family: their records, and the public functions over them."""
