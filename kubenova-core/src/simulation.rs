//! Clusters in memory, with faults: what tests and the simulated demo run on.
