Anything that has a name is shown, with what became of it.

  $ wait_for() { timeout 20 sh -c 'until "$@" >/dev/null 2>&1; do sleep 0.05; done' - "$@"; }
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
  $ printf '#!/bin/sh\necho good day\n' >greet && chmod +x greet
  $ git add plan.md greet && git commit -qm 'The plan, and what it is for'
  $ broker plan approve plan.md >/dev/null
  $ broker run >../run.log 2>&1 &
  $ wait_for grep -q ready ../run.log
  $ adversary-agent run >../adversary.log 2>&1 &
  $ timeout 60 builder-agent claim M1 --wait >../claim.out 2>&1
  [1]
  $ number() { broker log --kind "$1" --tail 1 | sed 's/^.-\([0-9]*\).*/\1/'; }

A finding: what it says, where it stands, each entry about it, the evidence that it rests on.

  $ F=$(number verdict)
  $ builder-agent fixed $F --text 'it greets now' >/dev/null
  $ broker show F-$F | grep -v '^    ' | sed '/^life/q' | cut -c1-60
  V-* verdict by adversary, * (glob)
  M1: FAIL * (glob)
    fail * (glob)
    reproduce: * (glob)
    fail * (glob)
  finding F-[0-9]+, fixed at [0-9a-f]{12} .major, blocks gate M1.* (re)
  life
  $ broker show F-$F | sed -n '/^life/,$p' | awk '$4 == "fixed" { print $4, $3 }'
  fixed builder
  $ broker show $F --json | grep -o '"state":"fixed",.*"life":.*"kind":"fixed"' | cut -c1-15
  "state":"fixed"
  $ broker show F-$F --evidence | grep -A 1 '^evidence'
  evidence [0-9a-f]{64} (re)
    gate: M1
  $ broker show F-$F --evidence --json | tail -n 1 | cut -c1-24
  {"version":1,"evidence":

A claim, its verdict, and that this is taken back.

  $ broker show C-$(number claim) | grep -A 9 '^now' | awk '$4 != "ping" { print $1, $4 }' | sed 's/-[0-9]*/-#/'
  now: 
  life 
  L-# lease
  V-# verdict
  $ V=$(number verdict)
  $ broker show V-$V | grep -c '^now'
  0
  [1]
  $ broker retract V-$V --why 'the clock was wrong'
  V-* is retracted: it counts no more (glob)
  $ broker show V-$V | grep '^now'
  now: retracted
  $ broker show V-$V --evidence | grep -c '^evidence'
  1

A gate, its phase, an agent.

  $ broker show M1 | head -n 4
  gate M1 of m: It says hello
  now: * (glob)
    digest [0-9a-f]{16}, a PASS counts for 1 d 0 h (re)
    checks: greets* (glob)
  $ broker show M1 | sed -n '/^life/,$p' | awk '$4 == "claim" || $4 == "fixed" || $4 == "plan" { print $4 }'
  plan
  claim
  fixed
  $ broker show gate:M1 --json | cut -c1-35
  {"version":1,"phase":"m","gate":{"g
  $ broker show m | grep ^phase
  phase m: active
  $ broker show builder | head -n 2
  agent builder: builder, key [0-9a-f]{16} (re)
    said 2 entries, the newest [0-9]+ at .* (re)
  $ broker show agent:builder --json | grep -o '"revoked":false'
  "revoked":false

What stands until somebody ends it.

  $ adversary-agent veto m --why x --lift-when y >/dev/null && X=$(number veto)
  $ broker show X-$X | grep '^now'
  now: standing
  $ adversary-agent lift $X --why z >/dev/null; broker show $X | grep '^now'
  now: lifted
  $ builder-agent hold proxy >/dev/null && H=$(number hold)
  $ broker show H-$H | sed -n '/^now/,$p' | awk '{ print $1, $4 }' | sed 's/-[0-9]*/-#/'
  now: 
  life 
  E-# grant
  $ builder-agent release $H >/dev/null; broker show $H | grep '^now'
  now: over

What there is not.

  $ broker show C-$F
  broker: entry-unknown: entry [0-9]+ is a verdict (re)
    next: broker show V-* (glob)
  [5]
  $ broker show agent:nobody
  broker: entry-unknown: there is no agent `nobody`
    next: broker log --kind admit
  [5]
  $ broker show zzz
  broker: argument-value: `zzz` is no entry, gate, phase, agent or digest
    next: V-7, 7, a gate, a phase, an agent, or the beginning of an evidence's digest
  [2]
