What agents and people say, against a broker that runs.

  $ git init -q -b main shop && cd shop && broker init >/dev/null
  $ cat >plan.md <<'END'
  > # Phase m
  > 
  > ```yaml phase
  > version: 1
  > phase: m
  > ```
  > 
  > ```yaml gate
  > gate: M1
  > title: It says hello
  > checks:
  >   - id: greets
  >     run: ./greet
  >     expect: { stdout: { matches: "^good (morning|evening)$" } }
  > ```
  > END
  $ git add plan.md && git commit -qm 'The plan'

Without a broker an operator writes into the ledger himself.

  $ broker plan approve plan.md >/dev/null
  $ broker note 'the proxy is down until noon' --to-inbox builder
  N-6, in the inbox of builder
  $ builder-agent note x
  builder-agent: broker-away: nobody listens there
    at: * (glob)
    next: start it: broker run
  [3]

  $ broker run >run.log 2>&1 &
  $ timeout 20 sh -c 'until grep -q ready run.log; do sleep 0.05; done'

Notes.

  $ builder-agent note 'the retry was the cause' --journal
  N-7, in the journal, sealed from adversaries until the verdict
  $ builder-agent note 'see run.log' --json
  {"version":1,"note":{"seq":8,"name":"N-8","phase":"m","to":"record","text":"see run.log"}}
  $ adversary-agent note 'I look at M1 now' --gate M1 --to-inbox builder
  N-9, in the inbox of builder
  $ adversary-agent note 'x' --to-inbox bilder
  adversary-agent: option-value: --to-inbox bilder is not one of its words
    next: did you mean builder?
  [2]
  $ adversary-agent note 'x' --journal
  adversary-agent: option-unknown: `note` has no option --journal
    next: adversary-agent note --help
  [2]
  $ builder-agent note '' --phase m
  builder-agent: argument-value: text is shorter than its least length
    at: note.text
  [2]

Findings.

  $ echo 'GET /a answers with the token' | adversary-agent finding m --title 'the token is in the log' --gate M1 --body - --reproduce 'curl -s localhost/a'
  F-10 is filed, major, blocks gate: the token is in the log
  $ adversary-agent finding --title 'the page is slow' --blocks nothing --severity minor
  F-11 is filed, minor, blocks nothing: the page is slow
  $ adversary-agent close F-11
  adversary-agent: option-missing: `close` wants --why TEXT
    next: adversary-agent close F-12 --why 'the log has no token at V-40' --verdict V-40
  [2]
  $ adversary-agent close V-11 --why x
  adversary-agent: argument-value: `V-11` names a verdict; a finding is wanted
    next: name the finding by its number: F-12
  [2]
  $ adversary-agent close F-11 --why 'it is fast now'
  F-11 is closed
  $ adversary-agent close 11 --why again --json 2>/dev/null | cut -c1-54
  {"version":1,"refused":{"rule":"finding-closed","place

Pauses.

  $ builder-agent pause --why 'the proxy is being replaced'
  builder-agent: option-missing: `pause` wants --until T or --for D
    next: builder-agent pause --for 2h --why 'the proxy is being replaced'
  [2]
  $ builder-agent pause --for 2h --why 'the proxy is being replaced'
  Z-13: m is paused for you until 20[-0-9T:]+Z (re)
  $ builder-agent resume
  Z-13 is over
  $ builder-agent resume
  builder-agent: pause-unknown: no pause of yours runs
    next: `status` shows the pauses
  [2]
  $ broker resume Z-13 2>&1 | head -n 1
  broker: pause-unknown: * (glob)

A role says its own.

  $ builder-agent finding m --title x
  builder-agent: verb-unknown: there is no verb `finding`
    next: builder-agent --help
  [2]
  $ adversary-agent probe m --title x --commit abcd
  adversary-agent: commit-unknown: `abcd` begins no commit that the ledger names
    next: give the full commit id: git rev-parse abcd
  [2]
  $ adversary-agent status | head -n 3
  shop, entry 14, * (glob)
  phase m: planned
