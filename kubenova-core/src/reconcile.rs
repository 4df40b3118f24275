//! The reconciler: level-triggered, idempotent, one file a kind.
