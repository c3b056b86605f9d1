# Completion for bash. Printed from */program.c by tools/describe; edit those.
_coldgate() {
        local word=$2 before=$3 verb='' verbs='' options='' first='' common=' ' row i
        COMPREPLY=()
        for ((i = 1; i < COMP_CWORD; i++)); do
                case ${COMP_WORDS[i]} in
                --dir) i=$((i + 1)) ;;
                -*) ;;
                *) if [ -z "$first" ]; then first=${COMP_WORDS[i]}; verb=$first
                   elif [ "$verb" = plan ]; then verb="plan ${COMP_WORDS[i]}"; fi ;;
                esac
        done
        case ${1##*/} in
        broker)
                verbs='init|run|keygen|admit|revoke|plan new|plan lint|plan approve|plan diff|plan prove|plan show|status|alerts|log|show|waive|retract|reveal|seen|release|pause|resume|note|verify|backup|gc|rotate-key|restore|views|render'
                case $verb in
                'init') options='--name= --endpoint= ' ;;
                'run') options='--check-config ' ;;
                'keygen') options='--out= --rotate ' ;;
                'admit') options='--replace --key= --timeout= ' ;;
                'revoke') options='--why= --key= --timeout= ' ;;
                'plan new') options='' ;;
                'plan lint') options='' ;;
                'plan approve') options='--accept-weakening --phase= --key= --timeout= ' ;;
                'plan diff') options='--phase= ' ;;
                'plan prove') options='--repo= --commit= --gate= ' ;;
                'plan show') options='--text ' ;;
                'status') options='--why --watch --timeout= ' ;;
                'alerts') options='' ;;
                'log') options='--phase= --kind= --actor= --gate= --since= --grep= --verbose --from= --tail= --follow --timeout= ' ;;
                'show') options='--evidence --phase= ' ;;
                'waive') options='--gate= --why= --until= --for= --phase= --timeout= --key= ' ;;
                'retract') options='--why= --timeout= --key= ' ;;
                'reveal') options='--timeout= --key= ' ;;
                'seen') options='--timeout= --key= ' ;;
                'release') options='--why= --timeout= --key= ' ;;
                'pause') options='--until= --for= --why= --phase= --timeout= --key= ' ;;
                'resume') options='--phase= --timeout= --key= ' ;;
                'note') options='--to-inbox= --gate= --phase= --timeout= --key= ' ;;
                'verify') options='--checkpoint= ' ;;
                'backup') options='' ;;
                'gc') options='--older-than= --dry-run ' ;;
                'rotate-key') options='' ;;
                'restore') options='--accept-loss= --seen= ' ;;
                'views') options='--anew ' ;;
                'render') options='--check --commit --repo= ' ;;
                esac
                ;;
        builder-agent)
                verbs='claim|try|wait|withdraw|status|findings|inbox|fixed|note|pause|resume|hold|release|done|keygen'
                case $verb in
                'claim') options='--phase= --repo= --commit= --what= --how= --expected= --where= --why= --evidence= --try --anyway --wait --timeout= --key= ' ;;
                'try') options='--phase= --plan= --repo= --commit= --check= --key= ' ;;
                'wait') options='--phase= --timeout= --key= ' ;;
                'withdraw') options='--phase= --why= --key= ' ;;
                'status') options='--phase= --why --key= ' ;;
                'findings') options='--phase= --all --key= ' ;;
                'inbox') options='--follow --timeout= --all --key= ' ;;
                'fixed') options='--commit= --text= --timeout= --key= ' ;;
                'note') options='--journal --to-inbox= --gate= --phase= --timeout= --key= ' ;;
                'pause') options='--until= --for= --why= --phase= --timeout= --key= ' ;;
                'resume') options='--phase= --timeout= --key= ' ;;
                'hold') options='--shared --for= --wait --timeout= --why= --key= ' ;;
                'release') options='--why= --timeout= --key= ' ;;
                'done') options='--phase= --commit= --wait --timeout= --key= ' ;;
                'keygen') options='--out= --rotate ' ;;
                esac
                ;;
        adversary-agent)
                verbs='run|verify|doctor|status|findings|inbox|finding|close|reopen|correct|defer|probe|veto|lift|retract|answer|note|pause|resume|hold|release|keygen'
                case $verb in
                'run') options='--jobs= --secrets= --probe= --probe-network= --probe-timeout= --sealed= --key= ' ;;
                'verify') options='--repo= --commit= --check= --explain --prove --jobs= --keep --secrets= --fetch-timeout= ' ;;
                'doctor') options='' ;;
                'status') options='--phase= --why --key= ' ;;
                'findings') options='--phase= --all --key= ' ;;
                'inbox') options='--follow --timeout= --all --key= ' ;;
                'finding') options='--title= --gate= --severity= --blocks= --body= --reproduce= --fix= --verdict= --commit= --timeout= --key= ' ;;
                'close') options='--why= --verdict= --timeout= --key= ' ;;
                'reopen') options='--why= --verdict= --timeout= --key= ' ;;
                'correct') options='--why= --severity= --blocks= --title= --body= --reproduce= --fix= --timeout= --key= ' ;;
                'defer') options='--phase= --gate= --title= --closes= --timeout= --key= ' ;;
                'probe') options='--title= --gate= --commit= --body= --timeout= --key= ' ;;
                'veto') options='--gate= --why= --lift-when= --timeout= --key= ' ;;
                'lift') options='--why= --timeout= --key= ' ;;
                'retract') options='--why= --timeout= --key= ' ;;
                'answer') options='--commit= --holds --fails --text= --timeout= --key= ' ;;
                'note') options='--to-inbox= --gate= --phase= --timeout= --key= ' ;;
                'pause') options='--until= --for= --why= --phase= --timeout= --key= ' ;;
                'resume') options='--phase= --timeout= --key= ' ;;
                'hold') options='--shared --for= --wait --timeout= --why= --key= ' ;;
                'release') options='--why= --timeout= --key= ' ;;
                'keygen') options='--out= --rotate ' ;;
                esac
                ;;
        esac
        common=' --dir= --json --no-color --help '
        if [[ $word == -* ]]; then
                mapfile -t COMPREPLY < <(compgen -W "$options$common" -- "$word")
                COMPREPLY=("${COMPREPLY[@]%=}")
        elif [[ " $options$common" == *" $before= "* ]]; then
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
        elif [ -z "$verb" ] || [ "$verb" = plan ]; then
                while IFS= read -r -d '|' row; do
                        [ "$verb" != plan ] || [[ $row == plan\ * ]] || continue
                        row=${row#"${verb:+$verb }"}
                        [[ ${row%% *} != "$word"* ]] || COMPREPLY+=("${row%% *}")
                done <<<"$verbs|"
        else
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
        fi
}
complete -o filenames -F _coldgate broker builder-agent adversary-agent
