"""What `land` does with a source's rows: open (staging), judge (settling), compare (arrivals), write (loading)."""
