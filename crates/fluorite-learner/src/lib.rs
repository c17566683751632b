//! Spikes.
