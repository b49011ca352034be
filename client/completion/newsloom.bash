# SPDX-License-Identifier: Apache-2.0
# bash completion for newsloom: the program itself knows what fits.
_newsloom()
{
    local at word help prefix='' words=()
    # bash parts --name=value and name=value in three
    for ((at = 1; at <= COMP_CWORD; at++)); do
        word=${COMP_WORDS[at]}
        if ((${#words[@]})) && [[ $word == = || ${words[-1]} == *= ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
    done
    word=${COMP_WORDS[COMP_CWORD]#=}
    [[ ${words[-1]} == "$word" ]] || prefix=${words[-1]%"$word"}
    COMPREPLY=()
    while IFS=$'\t' read -r at help; do
        case $at in
        :files)
            compopt -o filenames 2>/dev/null
            mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$word")
            ;;
        *=) compopt -o nospace 2>/dev/null ;;&
        *) COMPREPLY+=("${at#"$prefix"}") ;;
        esac
    done < <(newsloom help --complete -- "${words[@]}" 2>/dev/null)
}
complete -F _newsloom newsloom
