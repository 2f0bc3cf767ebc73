"""What spikes and traces say: each measure with its formula and its source."""
