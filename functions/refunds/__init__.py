"""Money that merchants give back: asked for, and followed."""
