Command lines that are nearly right, as people type them; what cannot be written; and completion.

Help of a verb, of a group of verbs, in the order that other tools have.

  $ broker help plan lint | head -n 1
  usage: broker plan lint FILE… [OPTION…]
  $ broker plan --help | head -n 3
  usage: broker plan VERB …
    plan lint      Look for mistakes in plans.
  $ broker help nothing | head -n 1
  broker: keeps the ledger of claims and verdicts, enforces the rules, delivers
  $ broker lint plan.md
  broker: verb-unknown: there is no verb `lint`
    next: did you mean `broker plan lint`?
  [2]
  $ broker plan aprove plan.md
  broker: verb-unknown: there is no verb `plan`
    next: did you mean `broker plan approve`?
  [2]
  $ broker version
  broker (coldgate) * (glob)

Options: short ones, before the verb, and those that do nothing alone.

  $ git init -q -b main shop && broker init shop >/dev/null
  $ broker log -f
  broker: option-unknown: -f: options are long here
    next: did you mean --follow?
  [2]
  $ broker log -n
  broker: option-unknown: -n: options are long here
    next: broker log --help
  [2]
  $ broker --dir shop status | head -n 1
  shop, entry 4, * (glob)
  $ broker --no-color --dir shop log --json --tail 1 | cut -c1-34
  {"version":1,"entry":{"seq":4,"nam
  $ broker --follow log
  broker: option-unknown: no option --follow stands before a verb
    next: broker VERB --follow …
  [2]
  $ builder-agent --dir shop claim M1 --timeout 5m --what "it's done"
  builder-agent: option-alone: --timeout counts only together with --wait
    next: builder-agent --dir shop claim --wait M1 --timeout 5m --what 'it'\''s done'
  [2]
  $ builder-agent done --timeout 5m 2>&1 | tail -n 1
    next: builder-agent done --wait --timeout 5m
  $ adversary-agent run --probe-timeout 5m 2>&1 | tail -n 1
    next: adversary-agent run --probe PROGRAM --probe-timeout 5m

What could not be written was not said.

  $ cd shop && broker status --json >/dev/full
  broker: output-unwritable: standard output could not be written in full
    next: make room, or write it elsewhere
  [3]
  $ broker log >&-
  broker: output-unwritable: standard output could not be written in full
    next: make room, or write it elsewhere
  [3]
  $ (trap '' PIPE; broker log; echo $? >../status) | true; cat ../status
  0

Completion: verbs, the second word of two, options, files.

  $ complete_words() { COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _coldgate "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"; echo "${COMPREPLY[@]}"; }
  $ source "$COLDGATE_SOURCE/docs/coldgate.bash"
  $ complete_words builder-agent cl
  claim
  $ complete_words broker plan ''
  lint approve diff prove show
  $ complete_words /usr/bin/broker --dir . re
  revoke retract reveal release resume restore render
  $ complete_words broker plan approve --acc
  --accept-weakening
  $ complete_words builder-agent claim M1 --w
  --what --where --why --wait
  $ touch plan.md && complete_words broker plan lint pl
  plan.md
