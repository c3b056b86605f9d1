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

What a finding goes through.

  $ builder-agent fixed V-10 --text x
  builder-agent: argument-value: `V-10` names a verdict; a finding is wanted
    next: name the finding by its number: F-12
  [2]
  $ builder-agent fixed F-10 --commit HEAD --text 'it is cut out'
  F-10 is said to be mended at [0-9a-f]{40}; the adversary re-tests it (re)
  $ adversary-agent reopen F-10 --why 'it is in the other log'
  F-10 is open again
  $ adversary-agent correct F-10 --why 'nobody else reads it' --severity mnor
  adversary-agent: option-value: --severity mnor is not one of its words
    next: did you mean minor?
  [2]
  $ adversary-agent correct F-10 --why 'nobody else reads it' --severity minor
  F-10 is corrected
  $ adversary-agent defer F-10 --closes 'the load test'
  F-10 is deferred: it must close before DONE
  $ adversary-agent defer --title 'the load test' --closes 'a PASS of it' --gate M1
  F-17 is open: the load test; it must close before DONE
  $ broker waive F-10 --why 'the vendor mends it'
  broker: option-missing: `waive` wants --until T or --for D
    next: broker waive F-12 --for 7d --why 'the vendor mends it this week'
  [2]
  $ broker waive F-10 --why 'the vendor mends it' --for 7d
  W-18: F-10 is waived until 20[-0-9T:]+Z (re)
  $ broker waive m --gate M1 --why 'a freeze' --for 24h --json
  \{"version":1,"waive":\{"seq":19,"name":"W-19","phase":"m","gate":"M1","why":"a freeze","until_ms":[0-9]+\}\} (re)
  $ broker waive V-3 --why x --for 1h 2>&1 | head -n 1
  broker: option-missing: `waive` wants a finding, or --gate G

Probes and vetoes.

  $ adversary-agent probe m --title 'two clients at once' --gate M1
  P-20: two clients at once; not a verdict
  $ adversary-agent veto m --gate M1 --why 'no test sees the cache'
  adversary-agent: option-missing: `veto` wants --lift-when TEXT
    next: adversary-agent veto PHASE --gate M1 --why 'no test sees the cache' --lift-when 'one does'
  [2]
  $ adversary-agent veto m --gate M1 --why 'no test sees the cache' --lift-when 'one does'
  X-21: a veto stands on M1 of m; it is lifted when: one does
  $ adversary-agent lift F-21 --why 'unit/cache does'
  adversary-agent: argument-value: `F-21` names a finding; a veto is wanted
    next: name the veto by its number: X-12
  [2]
  $ adversary-agent lift X-21 --why 'unit/cache does'
  X-21 is lifted

Pauses.

  $ builder-agent pause --why 'the proxy is being replaced'
  builder-agent: option-missing: `pause` wants --until T or --for D
    next: builder-agent pause --for 2h --why 'the proxy is being replaced'
  [2]
  $ builder-agent pause --for 2h --why 'the proxy is being replaced'
  Z-23: m is paused for you until 20[-0-9T:]+Z (re)
  $ builder-agent resume
  Z-23 is over
  $ builder-agent resume
  builder-agent: pause-unknown: no pause of yours runs
    next: `status` shows the pauses
  [2]
  $ broker resume Z-23 2>&1 | head -n 1
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
  shop, entry 24, * (glob)
  phase m: planned
