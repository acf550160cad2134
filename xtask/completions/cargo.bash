
# What follows completes `cargo xtask`. Everything else after `cargo` goes to the function that completed it before.

# The folder of the workspace, above this one or here.
_xtask_root() {
    local root="$PWD"
    while [[ ! -d "$root/tests/cases" ]]; do
        [[ -n "$root" ]] || return 1
        root="${root%/*}"
    done
    printf '%s' "$root"
}

# The names of the guests, and with `cases` of their cases.
_xtask_names() {
    local root path
    root="$(_xtask_root)" || return 0
    for path in "$root"/guests/*/Cargo.toml "$root"/guests/*/*/micro-app.toml; do
        [[ -f "$path" ]] || continue
        path="${path%/*}"
        path="${path##*/}"
        [[ "$path" == lib-* ]] || printf '%s\n' "$path"
    done
    # A guest in another folder has cases.
    for path in "$root"/tests/cases/*/; do
        path="${path%/}"
        [[ "$path" == *'*' ]] || printf '%s\n' "${path##*/}"
    done
    [[ "$1" == cases ]] || return 0
    for path in "$root"/tests/cases/*/*.toml "$root"/tests/fixtures/*/*.toml; do
        [[ -f "$path" ]] || continue
        path="${path#"$root"/tests/*/}"
        printf '%s\n' "${path%.toml}"
    done
}

_cargo_xtask() {
    if [[ "${COMP_WORDS[1]}" != xtask || "$COMP_CWORD" -lt 2 ]]; then
        [[ -z "$_xtask_before" ]] || "$_xtask_before" "$@"
        return
    fi
    local rest=("${COMP_WORDS[@]:2}") place=$((COMP_CWORD - 1)) words=""
    local COMP_WORDS=(xtask "${rest[@]}") COMP_CWORD="$place"
    _xtask xtask "$2" "$3"
    case "${COMP_WORDS[1]},$COMP_CWORD,$2" in
        run,*,-*) words="{run_options}" ;;
        *,*,-*) ;;
        run,2,* | inspect,2,* | profile,2,* | build-guests,*) words="$(_xtask_names)" ;;
        test,* | fuel,2,* | report,2,*) words="$(_xtask_names cases)" ;;
    esac
    COMPREPLY+=($(compgen -W "$words" -- "$2"))
}

if ! complete -p cargo &>/dev/null && declare -F _completion_loader >/dev/null; then
    _completion_loader cargo &>/dev/null
fi
if [[ "$(complete -p cargo 2>/dev/null)" =~ -F\ ([^ ]+) && "${BASH_REMATCH[1]}" != _cargo_xtask ]]; then
    _xtask_before="${BASH_REMATCH[1]}"
fi
complete -F _cargo_xtask -o bashdefault -o default cargo
