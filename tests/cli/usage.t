Command lines that are nearly right, as people type them; what cannot be written; and completion.

Help of a verb, of a group of verbs, in the order that other tools have.

  $ broker help plan lint | head -n 1
  usage: broker plan lint FILE… [OPTION…]
  $ broker plan --help | sed -n '1p;4p'
  usage: broker plan VERB …
    plan lint      Look for mistakes in plans.
  $ broker help nothing | head -n 1
  broker: keeps the ledger of claims and verdicts, enforces the rules, delivers
  $ broker --no-color --help | head -n 1
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
  $ builder-agent --dir shop claim M1 --timeout 5m --what "$(printf %600s x)" 2>&1 | tail -n 1
    next: builder-agent claim --help
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
  new lint approve diff prove show
  $ complete_words /usr/bin/broker --dir . re
  revoke retract reveal release resume restore render
  $ complete_words broker plan approve --acc
  --accept-weakening
  $ complete_words builder-agent claim M1 --w
  --what --where --why --wait
  $ touch plan.md && complete_words broker plan lint pl
  plan.md

What would have been found out later only: an endpoint that is none, a directory that is not there, a clone without its history.

  $ broker init --endpoint tcp:127.0.0.1:7400 ../bad
  broker: config-value: neither ipc:// with a path nor tcp:// with host and port
    at: tcp:127.0.0.1:7400
    next: write ipc://.coldgate/run/broker.ipc, or tcp://127.0.0.1:7400
  [2]
  $ sed -i 's/^name/endpoint = tcp:\/\/here\nname/' .coldgate/config && broker run --check-config 2>&1 | head -n 1; sed -i /^endpoint/d .coldgate/config
  broker: config-value: neither ipc:// with a path nor tcp:// with host and port
  $ broker backup ../backups/
  broker: directory-missing: there is no such directory
    at: ../backups/
    next: mkdir -p it first
  [2]
  $ git add plan.md && git commit -qm one && git clone -q --depth 1 "file://$PWD" ../shallow && git commit -q --allow-empty -m two
  $ rm -rf ../shallow && git clone -q --depth 1 "file://$PWD" ../shallow && (cd ../shallow && COLDGATE_DIR=../shop builder-agent claim M1)
  builder-agent: claim-shallow: this clone has not all of its history: nobody can fetch the commit from it
    at: */shallow (glob)
    next: git fetch --unshallow, or name with --repo where all of it is
  [2]

A repository, as it is called elsewhere; what is to be verified, nearly.

  $ builder-agent claim M1 --repo git@git.example.net:team/shop.git 2>&1 | tail -n 1
    next: --repo ssh://git@git.example.net/team/shop.git
  $ builder-agent claim M1 --repo "$PWD" 2>&1 | tail -n 1
    next: --repo file://*/shop (glob)
  $ printf '%s\n' '```yaml phase' 'version: 1' 'phase: m' '```' '' '```yaml gate' 'gate: M1' 'checks:' '  - id: says' '    run: test -s plan.md' '```' >plan.md
  $ git commit -qam plan && adversary-agent verify plan.md M1 --repo . --commit HEAD 2>next
  [2]
  $ cat next && eval "$(sed -n 's/^  next: //p' next)"
  adversary-agent: commit-malformed: `HEAD` is not a full commit id: 40 or 64 hex digits, lower case
    next: adversary-agent verify plan.md M1 --repo . --commit $(git -C . rev-parse HEAD)
    pass     says * (glob)
  PASS  M1 at *, cold, *: 1 check held (glob)
  $ rm next; adversary-agent verify plan.md M1 2>&1 | tail -n 1
    next: adversary-agent verify plan.md M1 --repo . --commit $(git -C . rev-parse HEAD)
  $ adversary-agent verify plan.md M1 --repo ../nowhere --commit "$(git rev-parse HEAD)"
  adversary-agent: repository-missing: No such file or directory
    at: ../nowhere
    next: name it as a path, or as https://HOST/PATH, ssh://USER@HOST/PATH, file:///PATH
  [2]
  $ broker plan prove plan.md --repo . --commit HEAD
  broker: commit-malformed: `HEAD` is not a full commit id: 40 or 64 hex digits, lower case
    next: broker plan prove plan.md --repo . --commit $(git -C . rev-parse HEAD)
  [2]
  $ adversary-agent verify plan.md M1 --repo "file://$PWD" --commit main 2>next
  [2]
  $ broker plan prove plan.md --repo "file://$PWD" --commit main 2>&1 | sed -n 's/.*--commit //p'
  $(git ls-remote file://*/shop main | head -n 1 | cut -f 1) (glob)
  $ eval "$(sed -n 's/^  next: //p' next)" | tail -n 1; rm next
  PASS  M1 at *, cold, *: 1 check held (glob)

Gates are named one by one, and what was meant is guessed.

  $ broker plan approve plan.md
  plan m approved: entry 5, digest [0-9a-f]{16}, gates M1 (re)
  $ broker run >../run.log 2>&1 &
  $ timeout 20 sh -c 'until grep -q ready ../run.log; do sleep 0.05; done'
  $ builder-agent claim m 2>&1 | tail -n 1
    next: it is a phase; its gates are M1
  $ builder-agent claim M1,M2 2>&1 | tail -n 1
    next: gates are words of their own: M1 M2
  $ builder-agent claim M1 2>/dev/null | head -n 1
  C-6 claims M1 of m at * (glob)
  $ builder-agent withdraw M1 --why 'too soon'
  C-6 is withdrawn
  $ broker log --kind xyzzyx 2>&1 | tail -n 1 | cut -c1-24
    next: one of: genesis,
