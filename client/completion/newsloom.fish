# SPDX-License-Identifier: Apache-2.0
# fish completion for newsloom: the program itself knows what fits.
function __newsloom_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l word (commandline --cut-at-cursor --current-token)
    for line in (newsloom help --complete -- $words[2..-1] "$word" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path "$word"
        else
            echo $line
        end
    end
end
complete --command newsloom --no-files --arguments '(__newsloom_complete)'
