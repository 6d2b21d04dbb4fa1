"""What a new family begins with: its files, valid and red until they are filled in."""
