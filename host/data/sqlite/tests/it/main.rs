//! Data as a micro-app's run uses it, with a real SQLite and real files.

mod again;
mod calls;
mod compiles;
mod cut_off;
mod digits;
mod each_call;
mod files;
mod grants;
mod import;
mod keys;
mod kills;
mod looks;
mod lost;
mod names;
mod other_hosts;
mod prices;
mod reach;
mod repeats;
mod searches;
mod settle;
mod stops;
mod tables;
mod text;
mod too_large;
mod types;
mod unnamed;
