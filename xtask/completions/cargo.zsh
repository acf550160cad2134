
# What follows completes `cargo xtask`. The completion of `cargo` itself calls `_cargo-NAME` for commands that it does not
# know. Where there is none, this is the completion of `cargo`.

# The names of the guests, and with `cases` of their cases.
_xtask_names() {
    local root="$PWD" path
    while [[ ! -d "$root/tests/cases" ]]; do
        [[ -n "$root" ]] || return 0
        root="${root%/*}"
    done
    for path in "$root"/guests/*/Cargo.toml(N) "$root"/guests/*/*/micro-app.toml(N); do
        path="${${path%/*}##*/}"
        [[ "$path" == lib-* ]] || print -r -- "$path"
    done
    # A guest in another folder has cases.
    for path in "$root"/tests/cases/*(N/); do
        print -r -- "${path##*/}"
    done
    [[ "$1" == cases ]] || return 0
    for path in "$root"/tests/cases/*/*.toml(N) "$root"/tests/fixtures/*/*.toml(N); do
        path="${path#"$root"/tests/*/}"
        print -r -- "${path%.toml}"
    done
}

_cargo-xtask() {
    local names=()
    case "${words[2]},$CURRENT,${words[CURRENT]}" in
        run,*,-*) names=({run_options}) ;;
        *,*,-*) ;;
        run,3,* | inspect,3,* | profile,3,* | build-guests,*) names=(${(f)"$(_xtask_names)"}) ;;
        test,* | fuel,3,* | report,3,*) names=(${(f)"$(_xtask_names cases)"}) ;;
    esac
    (( ${#names} )) && compadd -- $names
    _xtask "$@"
}

_cargo_only_xtask() {
    if [[ "${words[2]}" == xtask ]] && (( CURRENT > 2 )); then
        shift words
        (( CURRENT-- ))
        _cargo-xtask
    else
        _default
    fi
}

(( $+_comps[cargo] )) || compdef _cargo_only_xtask cargo
