What agents and people say, against a broker that runs. Its watchdog writes when it likes, so that
numbers are not known before: `said` shows # for those of labels, `label` gives them.

  $ said() { "$@" >../said 2>&1; local status=$?; sed -E 's/\b([A-Z])-[0-9]+/\1-#/g' ../said; return $status; }
  $ label() { grep -oE "$1-[0-9]+" ../said | head -n 1; }
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

  $ said builder-agent note 'the retry was the cause' --journal
  N-#, in the journal, sealed from adversaries until the verdict
  $ builder-agent note 'see run.log' --json
  \{"version":1,"note":\{"seq":[0-9]+,"name":"N-[0-9]+","phase":"m","to":"record","text":"see run.log"\}\} (re)
  $ said adversary-agent note 'I look at M1 now' --gate M1 --to-inbox builder
  N-#, in the inbox of builder
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

  $ echo 'GET /a answers with the token' | said adversary-agent finding m --title 'the token is in the log' --gate M1 --body - --reproduce 'curl -s localhost/a'
  F-# is filed, major, blocks gate: the token is in the log
  $ F=$(label F)
  $ broker show $F | grep -A 1 body
    body:
      GET /a answers with the token
  $ said adversary-agent finding --title 'the page is slow' --blocks nothing --severity minor
  F-# is filed, minor, blocks nothing: the page is slow
  $ S=$(label F)
  $ adversary-agent close $S
  adversary-agent: option-missing: `close` wants --why TEXT
    next: adversary-agent close F-12 --why 'the log has no token at V-40' --verdict V-40
  [2]
  $ adversary-agent close V-11 --why x
  adversary-agent: argument-value: `V-11` names a verdict; a finding is wanted
    next: name the finding by its number: F-12
  [2]
  $ said adversary-agent close $S --why 'it is fast now'
  F-# is closed
  $ adversary-agent close ${S#F-} --why again --json 2>/dev/null | cut -c1-54
  {"version":1,"refused":{"rule":"finding-closed","place

What a finding goes through.

  $ builder-agent fixed V-10 --text x
  builder-agent: argument-value: `V-10` names a verdict; a finding is wanted
    next: name the finding by its number: F-12
  [2]
  $ said builder-agent fixed $F --commit HEAD --text 'it is cut out'
  F-# is said to be mended at [0-9a-f]{40}; the adversary re-tests it (re)
  $ said adversary-agent reopen $F --why 'it is in the other log'
  F-# is open again
  $ adversary-agent correct $F --why 'nobody else reads it' --severity mnor
  adversary-agent: option-value: --severity mnor is not one of its words
    next: did you mean minor?
  [2]
  $ said adversary-agent correct $F --why 'nobody else reads it' --severity minor
  F-# is corrected
  $ said adversary-agent defer $F --closes 'the load test'
  F-# is deferred: it must close before DONE
  $ said adversary-agent defer --title 'the load test' --closes 'a PASS of it' --gate M1
  F-# is open: the load test; it must close before DONE
  $ broker waive $F --why 'the vendor mends it'
  broker: option-missing: `waive` wants --until T or --for D
    next: broker waive F-12 --for 7d --why 'the vendor mends it this week'
  [2]
  $ said broker waive $F --why 'the vendor mends it' --for 7d
  W-#: F-# is waived until 20[-0-9T:]+Z (re)
  $ said broker waive m --gate M1 --why 'a freeze' --for 24h --json
  \{"version":1,"waive":\{"seq":[0-9]+,"name":"W-#","phase":"m","gate":"M1","why":"a freeze","until_ms":[0-9]+\}\} (re)
  $ broker waive V-3 --why x --for 1h 2>&1 | head -n 1
  broker: argument-value: `V-3` names a verdict; a finding is wanted
  $ broker reveal V-3 2>&1 | head -n 1
  broker: argument-value: `V-3` names a verdict; a seal is wanted
  $ broker reveal S-3
  broker: seal-unknown: entry 3 is no seal
    at: reveal.seal
    next: broker status
  [5]
  $ said builder-agent findings | sed -E 's/[-0-9]{10}T[0-9:]+Z/TIME/'
  phase m
    [x] F-#, waived until TIME (minor, blocks gate M1): the token is in the log
      because: the vendor mends it
      reproduce: curl -s localhost/a
    [ ] F-#, deferred (major, blocks phase): the load test
      because: a PASS of it
  $ said adversary-agent findings --all | grep closed
    [x] F-#, closed (minor, blocks nothing): the page is slow
  $ builder-agent findings m --json | cut -c1-41
  {"version":1,"findings":[{"phase":"m","fi

Probes and vetoes.

  $ said adversary-agent probe m --title 'two clients at once' --gate M1
  P-#: two clients at once; not a verdict
  $ adversary-agent veto m --gate M1 --why 'no test sees the cache'
  adversary-agent: option-missing: `veto` wants --lift-when TEXT
    next: adversary-agent veto PHASE --gate M1 --why 'no test sees the cache' --lift-when 'one does'
  [2]
  $ said adversary-agent veto m --gate M1 --why 'no test sees the cache' --lift-when 'one does'
  X-#: a veto stands on M1 of m; it is lifted when: one does
  $ X=$(label X)
  $ adversary-agent lift F-21 --why 'unit/cache does'
  adversary-agent: argument-value: `F-21` names a finding; a veto is wanted
    next: name the veto by its number: X-12
  [2]
  $ said adversary-agent lift $X --why 'unit/cache does'
  X-# is lifted

Verdicts that were wrong; manual checks. There are none here.

  $ broker retract V-3 --why 'another repository' 2>&1 | head -n 1
  broker: retract-unknown: * (glob)
  $ adversary-agent answer m M1 greets --commit 0123456789012345678901234567890123456789 --text 'it reads well'
  adversary-agent: option-missing: `answer` wants --holds or --fails
    next: adversary-agent answer PHASE GATE CHECK --commit C --holds --text 'the page reads well'
  [2]
  $ adversary-agent probe m --title x --commit abcd
  adversary-agent: commit-unknown: `abcd` begins no commit that the ledger names
    next: give the full commit id: git rev-parse abcd
  [5]

Pauses.

  $ builder-agent pause --why 'the proxy is being replaced'
  builder-agent: option-missing: `pause` wants --until T or --for D
    next: builder-agent pause --for 2h --why 'the proxy is being replaced'
  [2]
  $ said builder-agent pause --for 2h --why 'the proxy is being replaced'
  Z-#: m is paused for you until 20[-0-9T:]+Z (re)
  $ Z=$(label Z)
  $ said builder-agent resume
  Z-# is over
  $ builder-agent resume
  builder-agent: pause-unknown: no pause of yours runs
    next: `status` shows the pauses
  [5]
  $ broker resume $Z 2>&1 | head -n 1
  broker: pause-unknown: * (glob)

A role says its own.

  $ builder-agent finding m --title x
  builder-agent: verb-unknown: there is no verb `finding`
    next: * (glob)
  [2]
  $ adversary-agent status | head -n 3
  shop, entry * (glob)
  phase m: planned
