"""One capability a module, made from narrow keyword arguments; no stage is named in here."""
