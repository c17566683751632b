//! Head and graphs as one index against the oracle.
