//! Planted bugs: each is a line in the engine that `just mutants` switches on to see whether a test goes red.
//!
//! Compiled in with the feature `mutants` alone, which no shipped build has; `FLUORITE_MUTANT` names the one that is on.
//! `__test__/mutants.spec.mjs` looks for that name in the addon.

/// Is this planted bug on? Without the feature: `false`, and its name is in no binary.
#[cfg(feature = "mutants")]
macro_rules! mutant {
    ($name:literal) => {
        $crate::mutants::is_on($name)
    };
}
#[cfg(not(feature = "mutants"))]
macro_rules! mutant {
    ($name:literal) => {
        false
    };
}
pub(crate) use mutant;

/// Is this the one the environment names?
#[cfg(feature = "mutants")]
pub fn is_on(name: &str) -> bool {
    static CHOSEN: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    CHOSEN.get_or_init(|| std::env::var("FLUORITE_MUTANT").ok()).as_deref() == Some(name)
}
