# SPDX-License-Identifier: Apache-2.0
# bash completion for newsloom: the program itself knows its verbs and their options.
_newsloom()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb='' at offered=''
    for ((at = 1; at < COMP_CWORD; at++)); do
        case ${COMP_WORDS[at]} in
        --set | --config) ((at++)) ;;
        -*) ;;
        *)
            verb=${COMP_WORDS[at]}
            break
            ;;
        esac
    done
    COMPREPLY=()
    case $before in
    --set)
        compopt -o nospace 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -S = -W "$(newsloom config 2>/dev/null | sed 's/ =.*//')" -- "$word")
        return
        ;;
    --class) offered='live backfill' ;;
    --format)
        case $verb in
        export) offered='csv jsonl ftm brat spans' ;;
        graph) offered='dot graphml json svg' ;;
        *) offered='text json' ;;
        esac
        ;;
    --from) offered='earliest latest' ;;
    --only) offered='database log' ;;
    --type) offered='PERSON ORGANIZATION LOCATION DATE LAW EVENT CRIME' ;;
    esac
    if [[ -n $offered || $before == --config ]]; then
        :
    elif [[ -z $verb && $word == -* ]]; then
        offered='--config --set --help --help-config --print-config --version'
    elif [[ -z $verb || $verb == help ]]; then
        offered=$(newsloom help --words 2>/dev/null)
    elif [[ $word == -* ]]; then
        offered=$(newsloom help --words "$verb" 2>/dev/null)
    elif [[ $verb == dead ]]; then
        offered='list show retry drop'
    fi
    mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$word")
    # Elsewhere, and for the values of options, files are what is most often meant.
    [[ ${#COMPREPLY[@]} -gt 0 || $word == -* ]] || [[ -z $verb && $before != --config ]] ||
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
}
complete -o filenames -F _newsloom newsloom
