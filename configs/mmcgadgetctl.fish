# SPDX-License-Identifier: GPL-2.0-or-later
# Completion for mmcgadgetctl(1) in fish: the same words as configs/mmcgadgetctl.bash offers.

function __mmcgadgetctl_verbs
    set -l verbs 'insert next prev eject blank close rename delete erase extract status list stats trace fault events sum uploads upload-drop upload get watch wait help loopback network web doctor report version'
    string split ' ' $verbs
end

function __mmcgadgetctl_media
    set -l media 'dvd+r dvd+r-dl dvd-r dvd-r-dl dvd-rw dvd+rw dvd-ram bd-r bd-r-dl bd-re bd-re-dl cd-r cd-rw'
    string split ' ' $media
end

# Reads the words before the one that is completed. Sets in the caller: verb, given (the words after the
# verb), drive and socket (as the client takes them), wants (the option whose value comes next).
function __mmcgadgetctl_read --no-scope-shadowing
    set verb ''
    set given
    set drive
    set socket
    set wants ''
    set -l literal ''
    for word in (commandline -opc)[2..-1]
        if test -n "$wants"
            switch $wants
                case drive
                    set drive drive=$word
                case socket
                    set socket --socket $word
            end
            set wants ''
        else if test -z "$literal"; and string match -q -- '-*' $word
            switch $word
                case --
                    set literal 1
                case -d --drive
                    set wants drive
                case '--drive=*'
                    set drive (string replace -- -- '' $word)
                case --socket
                    set wants socket
                case '--socket=*'
                    set socket $word
                case --wait
                    set wants wait
            end
        else if test -z "$verb"
            set verb $word
        else if test -z "$literal"; and string match -q 'drive=*' -- $word
            set drive $word
        else
            set given $given $word
        end
    end
end

# __mmcgadgetctl_names PATTERN COMMAND...: prints the names in the daemon's answer to COMMAND after which the
# JSON object goes on with a match of PATTERN. A quote inside a JSON string always follows a backslash.
# Names with escapes such as \u202e are left out, because nobody could type them. The timeout is 7 s because
# the daemon may read labels for 5 s before its first answer.
function __mmcgadgetctl_names
    timeout 7 mmcgadgetctl --json $argv[2..-1] 2>/dev/null | grep -aoE '[{,]"name":"(\\\\.|[^"\\\\])*"'$argv[1] |
        sed -E 's/^."name":"((\\\\.|[^"\\\\])*)".*/\1/' | grep -avE '(^|[^\\\\])(\\\\\\\\)*\\\\u' | sed 's/\\\\\(.\)/\1/g'
end

function __mmcgadgetctl_drives
    __mmcgadgetctl_read
    __mmcgadgetctl_names '' $socket status
end

# Offers names. A name that looks like an option or a setting gets ./ before it.
function __mmcgadgetctl_images
    __mmcgadgetctl_names $argv | string replace -r '^(?=-|[A-Za-z]+=)' ./
end

function __mmcgadgetctl_wants_file
    __mmcgadgetctl_read
    test "$wants" = socket; or contains -- "$verb" report upload
    or begin
        test "$verb" = trace; and contains -- "$given[1]" save show script
    end
    or begin
        test "$verb" = fault; and test "$given" = load
    end
    or begin
        contains -- "$verb" loopback network; and test "$given" = on
    end
end

function __mmcgadgetctl_words
    __mmcgadgetctl_read
    set -l text '("(\\\\.|[^"\\\\])*"|null)'
    set -l member '(,"[a-z_]*":("(\\\\.|[^"\\\\])*"|[0-9]+|true|false|null|\[[^]]*\]))*'
    test -z "$wants"; or return
    switch $verb
        case ''
            __mmcgadgetctl_verbs
            return
        case help
            set -q given[1]; or __mmcgadgetctl_verbs
            return
        case doctor version report upload upload-drop
            return
        case loopback network
            switch "$given"
                case ''
                    printf '%s\n' on off status
                case off
                    echo force
            end
            return
        case web
            switch "$given"
                case ''
                    printf '%s\n' password token logout-all
                case token
                    printf '%s\n' add remove list
            end
            return
        case insert
            if not set -q given[1]
                __mmcgadgetctl_images '' $socket list $drive
            else if not set -q given[2]
                if string match -q 'as=*' -- (commandline -ct)
                    printf '%s\n' as=cd as=dvd as=auto
                else
                    echo as=
                end
            end
        case rename delete get
            set -q given[1]; or __mmcgadgetctl_images '' $socket list $drive
        case close
            set -q given[1]
            or __mmcgadgetctl_images ",\"label\":$text,\"kind\":\"(open|appendable)\"" $socket list $drive
        case erase
            set -q given[1]; or __mmcgadgetctl_images "$member,\"erasable\":true" $socket list $drive
        case extract
            if not set -q given[1]
                __mmcgadgetctl_images "$member,\"tracks\":\\{\"audio\":[1-9]" $socket list $drive
            else
                set -q given[2]; or echo stop
                string match -q 'track=*' -- $given; or echo track=
                string match -q 'to=*' -- $given; or echo to=
            end
        case blank
            string match -q 'type=*' -- $given; or printf '%s\n' type=(__mmcgadgetctl_media)
            string match -q 'minutes=*' -- $given; or printf '%s\n' minutes={74,80,90,99}
        case sum
            if not set -q given[1]
                __mmcgadgetctl_images '' $socket list $drive
            else
                echo start
            end
        case eject
            set -q given[1]; or echo force
        case stats
            set -q given[1]; or echo reset
        case trace
            switch "$given[1]"
                case ''
                    printf '%s\n' start stop status save show script
                    return
                case save show script
                    return
                case start
                    printf '%s\n' until=error records=
            end
        case fault
            switch "$given[-1]"
                case ''
                    printf '%s\n' add load set list clear
                    return
                case load
                    return
                case add set
                    printf '%s\n' read-error write-error slow rate not-ready vanish sense
                    return
            end
        case wait
            set -q given[1]; or printf '%s\n' burned empty host
            echo timeout=
    end
    if not set -q drive[1]
        if string match -q 'drive=*' -- (commandline -ct)
            printf '%s\n' drive=(__mmcgadgetctl_drives)
        else
            echo drive=
        end
    end
end

complete -c mmcgadgetctl -f
complete -c mmcgadgetctl -n __mmcgadgetctl_wants_file -F
complete -c mmcgadgetctl -n 'not __mmcgadgetctl_wants_file' -a '(__mmcgadgetctl_words)'
complete -c mmcgadgetctl -s j -l json -d 'print the answer as JSON'
complete -c mmcgadgetctl -s d -l drive -x -a '(__mmcgadgetctl_drives)' -d 'the drive'
complete -c mmcgadgetctl -s f -l force -d 'even if the PC has locked the drive'
complete -c mmcgadgetctl -s v -l verbose -d 'status: all numbers'
complete -c mmcgadgetctl -l socket -r -F -d 'socket of the daemon'
complete -c mmcgadgetctl -l wait -x -d 'seconds to wait for the daemon'
complete -c mmcgadgetctl -s V -l version -d 'print the version'
complete -c mmcgadgetctl -s h -l help -d 'print the verbs and options'
