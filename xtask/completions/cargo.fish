
# What follows completes `cargo xtask`, and the names of guests and cases.

function __xtask_names
    set -l root $PWD
    while not test -d "$root/tests/cases"
        test "$root" != / -a -n "$root"; or return
        set root (path dirname "$root" 2>/dev/null; or dirname "$root")
    end
    for file in $root/guests/*/Cargo.toml $root/guests/*/*/micro-app.toml
        set -l name (string split -r -m2 / -- $file)[-2]
        string match -q 'lib-*' -- $name; or echo $name
    end
    # A guest in another folder has cases.
    for folder in $root/tests/cases/*/
        string replace -r '^.*/([^/]+)/$' '$1' -- $folder
    end
    test "$argv[1]" = cases; or return
    for file in $root/tests/cases/*/*.toml $root/tests/fixtures/*/*.toml
        string replace -r '^.*/([^/]+/[^/]+)\.toml$' '$1' -- $file
    end
end

function __xtask_has
    set -l words (commandline -opc)
    contains -- "$words[2]" $argv
end

complete -c xtask -n '__xtask_has run inspect profile build-guests' -f -a '(__xtask_names)'
complete -c xtask -n '__xtask_has test fuel report' -f -a '(__xtask_names cases)'
complete -c xtask -n '__xtask_has run; and string match -q -- "-*" (commandline -ct)' -f -a '{run_options}'

function __xtask_is_asked
    set -l words (commandline -opc)
    test "$words[2]" = xtask
end

complete -c cargo -n __xtask_is_asked -f -a '(complete -C (string replace -r "^\s*\S*cargo\s+xtask" xtask -- (commandline -cp)))'
