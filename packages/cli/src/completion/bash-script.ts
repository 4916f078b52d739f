/**
 * Completion for bash: needs no other package, may be sourced more than once, and leaves no variables behind. It reads
 * the words as typed, since bash splits them at `=` and `:`.
 */
export const BASH_SCRIPT = `# bash completion for gantry
_gantry_complete() {
    local line="\${COMP_LINE:0:COMP_POINT}" current before value rest out files=0
    local -a words
    read -r -a words <<< "$line"
    [[ "$line" == *[[:space:]] ]] && words+=('')
    current="\${words[\${#words[@]}-1]}"
    # readline replaces only the text after the last of its dividers
    before="\${current%"\${COMP_WORDS[COMP_CWORD]}"}"
    [[ "\${COMP_WORDS[COMP_CWORD]}" == [=:] ]] && before="$current"
    COMPREPLY=()
    out="$(gantry complete -- "\${words[@]:1}" 2>/dev/null)" || return 0
    while IFS=$'\\t' read -r value rest; do
        case "$value" in
            '') ;;
            :4) files=0 ;;
            :0) files=1 ;;
            "$current"*)
                value="\${value#"$before"}"
                [[ "$value" == *= || "$value" == */ ]] && compopt -o nospace 2>/dev/null
                COMPREPLY+=("$value") ;;
        esac
    done <<< "$out"
    [[ $files == 1 ]] && compopt -o default 2>/dev/null
    return 0
}
complete -F _gantry_complete gantry
`;
