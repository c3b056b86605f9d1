How people look at what goes on: log and status, once or for as long as they like. The watchdog writes when it
likes, so that numbers behind 5 are not known before.

  $ said() { "$@" 2>&1 | tee ../said | sed -E 's/\b([A-Z])-[0-9]+/\1-#/g'; }

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
  > 
  > ```yaml gate
  > gate: M2
  > title: It says goodbye
  > checks:
  >   - id: parts
  >     run: ./part
  >     expect: { stdout: { matches: "^good (bye|night)$" } }
  > ```
  > END
  $ git add plan.md && git commit -qm 'The plan'
  $ wait_for() { timeout 20 sh -c 'until grep -qs -- "$1" "$2"; do sleep 0.05; done' - "$@"; }

Who follows a phase may be there before its plan.

  $ broker log --follow --phase m >early.out 2>early.err & early=$!
  $ wait_for yet early.err; cat early.err
  broker: there is no phase `m` yet
  $ broker plan approve plan.md >/dev/null
  $ wait_for R-5 early.out; kill -INT $early && wait $early
  $ broker run >run.log 2>&1 &
  $ wait_for ready run.log

Those who stay: the log as it grows, the status whenever it changes. No broker needs to know of them.

  $ broker log --follow --kind note >notes.out & notes=$!
  $ broker status --watch >watch.out & watch=$!
  $ broker status --watch --json >watch.json & json=$!
  $ wait_for 'entry 5' watch.out && wait_for '"head_seq":5' watch.json

  $ said builder-agent note 'the retry was the cause'
  N-#, on the record
  $ said adversary-agent finding m --title 'the token is in the log' --gate M1
  F-# is filed, major, blocks gate: the token is in the log
  $ said builder-agent fixed $(grep -o 'F-[0-9]*' ../said) --text 'it is cut out'
  F-# is said to be mended at [0-9a-f]{40}; the adversary re-tests it (re)
  $ said adversary-agent veto m --gate M2 --why 'no test sees the cache' --lift-when 'one does'
  X-#: a veto stands on M2 of m; it is lifted when: one does
  $ printf 'a\033[31mb\342\200\256c' >hostile
  $ said builder-agent note "$(cat hostile)"
  N-#, on the record

  $ wait_for 31mb notes.out && wait_for 'VETO X-' watch.out && wait_for '"vetoes"' watch.json
  $ kill -INT $notes && wait $notes && awk '{ print $3, $4 }' notes.out
  builder note
  builder note
  $ kill -TERM $watch && wait $watch && test "$(grep -c '^phase m' watch.out)" -ge 2
  $ kill -INT $json && wait $json && head -n 1 watch.json | cut -c1-40
  {"version":1,"status":{"project":"shop",
  $ grep -c "$(printf '\033')" notes.out watch.out
  notes.out:0
  watch.out:0
  [1]

With a time they end by themselves; whoever reads their output may end, too.

  $ broker log --follow --kind veto --timeout 100ms | awk '{ print $4 }'
  veto
  $ broker status --watch --timeout 100ms | grep -c entry
  1
  $ timeout 20 broker log --follow --kind plan | head -n 1 | awk '{ print $1, $4 }'
  R-5 plan
  $ broker log --follow --timeout 5
  broker: option-value: --timeout 5 is not a duration
    next: write a number and a unit: 250ms, 30s, 5m, 24h, 7d
  [2]

What is shown of the log: by author, by gate (its own, or that of the finding that it is about), by text, by time.

  $ broker log --actor adversary | awk '{ print $4 }'
  finding
  veto
  $ broker log --gate M1 | awk '$4 != "ping" { print $4 }'
  plan
  finding
  fixed
  $ broker log --gate M
  broker: gate-unknown: there is no gate `M`
    next: did you mean M1?
  [5]
  $ broker log --grep 'token is' --since 1h --phase m --kind finding | sed 's/.*Z  //'
  adversary  finding  major, M1: the token is in the log
  $ broker log --since 0s | wc -l
  0
  $ broker log --since 2020-02-30T00:00Z
  broker: option-value: --since 2020-02-30T00:00Z is neither a time nor a duration
    next: write 2026-06-13T05:33Z, or how long ago: 30m, 24h
  [2]
  $ broker log --gate M1 --actor builder --json | cut -c1-29
  {"version":1,"entry":{"seq":* (glob)

To the width of a terminal, which says a phase where it changes; --verbose is never cut.

  $ terminal() { script -qec "stty cols 60; $*" /dev/null </dev/null | tr -d '\r'; }
  $ terminal broker log --kind note
  N-*  builder    note     m: record: t… (glob)
  N-*  builder    note     record: a*… (glob)
  $ terminal broker log --kind note --tail 1 --verbose | grep -c 'text=.*\\u001b'
  1

Why everything waits.

  $ broker status --why | grep -A 2 'for builder: claim M1'
    waiting for builder: claim M1
      since .*, because of entry 5; claim of M1; 0 pings (re)
      next: builder-agent claim M1 --wait
  $ broker status --why | grep -A 1 VETO
    VETO X-* by adversary on M2, since * (glob)
      lifted when: one does
  $ broker status --why | grep -c 'not DONE because'
  1
  $ builder-agent status --why | grep -c 'because of entry'
  [3-9] (re)
  $ broker status --why m --json | cut -c1-40
  {"version":1,"status":{"project":"shop",
  $ broker alerts
  no alert stands that nobody has seen
  $ broker seen A-9 2>&1 | head -n 1
  broker: alert-unknown: * (glob)

While a broker runs, it is asked: somewhere else with its settings, its lock and its socket there is no ledger to read.

  $ mkdir -p ../twin/.coldgate && cp -r .coldgate/config .coldgate/keys ../twin/.coldgate
  $ ln .coldgate/ledger.lock ../twin/.coldgate && ln -s "$PWD/.coldgate/run" ../twin/.coldgate/run
  $ (cd ../twin && git init -q && broker status m | grep -o '^phase m' && broker alerts && ls .coldgate/ledger.db)
  phase m
  no alert stands that nobody has seen
  ls: * (glob)
  [2]
  $ (cd ../twin && broker status nothing) 2>&1 | head -n 1
  broker: ledger-missing: * (glob)
