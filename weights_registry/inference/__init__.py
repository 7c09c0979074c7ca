"""The part that needs torch: pictures in, predictions out. Nothing here is imported before it is used."""
