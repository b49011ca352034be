# SPDX-License-Identifier: Apache-2.0
# Puts the settings that `<daemon> --help-config` prints (the first file) into a manual page (the second) at @SETTINGS@.
function plain(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    sub(/^[.']/, "\\\\\\&&", text)
    return text
}
FNR == NR && /^[^ ]/ {
    name = $1
    value = $0
    sub(/^[^=]*= ?/, "", value)
    settings = settings ".It " plain(name) (value == "" ? "" : " = " plain(value)) "\n"
    next
}
FNR == NR && NF {
    sub(/^ +/, "")
    settings = settings plain($0) (/[.:;]$/ ? "" : ".") "\n"
    next
}
FNR == NR { next }
/^@SETTINGS@$/ {
    printf ".Bl -tag -width Ds\n%s.El\n", settings
    next
}
{ print }
