"""From a data set on disk to batches on a device. Knows neither networks nor runs."""
