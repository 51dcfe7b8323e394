"""Generated wire formats, one package per version."""
