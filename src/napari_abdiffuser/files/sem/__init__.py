"""What scanning electron microscopes write into their pictures, and beside them."""
