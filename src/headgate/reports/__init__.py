"""What a run tells. One format a file, all from the same verdict."""
