"""Actions: one file a family; nothing imports them but the registry's loader."""
