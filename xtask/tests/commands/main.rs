//! Tests of the commands: the built `xtask` in scratch workspaces.
//!
//! All are in one binary, so that it links once.

#[cfg(unix)]
mod chromium;
mod guests;
mod made;
mod scratch;
mod stand_ins;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod tools;

mod against;
mod bench;
mod broken_guests;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod brought_packages;
mod build_scripts;
mod completing;
mod composed;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod coverage;
mod encoding;
mod figures;
mod freshness;
mod from_real_runs;
mod from_runs;
mod fuzzing;
mod guest_tests;
mod inputs;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod languages;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod languages_elsewhere;
mod layers;
mod missing_target;
mod new_guest;
mod new_repository;
mod packages;
mod profile_in_browser;
mod report_in_browser;
mod report_languages;
mod report_page;
mod reproducible;
mod same_names;
mod selecting;
#[cfg(unix)]
mod serve_elsewhere;
mod serve_watch;
mod start_host;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod surroundings;
mod tidiness;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod unfit_tools;
mod unresolved;
mod usage;
#[cfg(unix)]
mod watching;
