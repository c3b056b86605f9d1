A check that a person answers: the gate is inconclusive until an adversary does, and is verified again by itself.

  $ wait_for() { timeout 30 sh -c 'until "$@" >/dev/null 2>&1; do sleep 0.05; done' - "$@"; }
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
  >   - id: looks
  >     manual: Does it read well?
  >   - id: greets
  >     run: ./greet
  >     expect: { stdout: { matches: "^good (morning|evening)$" } }
  > ```
  > END
  $ printf '#!/bin/sh\necho good morning\n' >greet && chmod +x greet
  $ git add plan.md greet && git commit -qm 'The plan, and what it is for'
  $ broker plan approve plan.md >/dev/null
  $ broker run >../run.log 2>&1 &
  $ wait_for grep -q ready ../run.log

Nobody takes a claim while no adversary is there: said at once.

  $ builder-agent claim M1 2>&1 | tail -n 2
  no adversary is connected: the claim waits until one is
    next: adversary-agent run
  $ builder-agent status | tail -n 1
  no adversary is connected; next: adversary-agent run
  $ builder-agent wait M1 --timeout 1ms 2>&1 | head -n 1
  no adversary is connected: the claim waits until one is
  $ adversary-agent run >../adversary.log 2>&1 &
  $ timeout 60 builder-agent claim M1 --why 'it was asked for' --wait >../claim.out 2>&1
  [3]
  $ grep -o 'INCONCLUSIVE .*, looks: .*' ../claim.out | sed 's/ V-.*, looks/: looks/'
  INCONCLUSIVE : looks: to be answered: Does it read well?
  $ broker status --why | grep -A 1 'answer the'
    waiting for adversary: answer the manual checks of M1 at * (glob)
      since .*, because of entry [0-9]+; answer of M1; [0-9]+ pings? (re)

DONE says that it waits for that, and queues nothing; what is run is answered by nobody.

  $ builder-agent done
  done-not-yet: 1 reason why m is not DONE at [0-9a-f]{12} (re)
      - \[ \] M1: INCONCLUSIVE at [0-9a-f]{12} \(V-[0-9]+\); it waits for an adversary's answer to looks (re)
    next: any adversary answers (`builder-agent status m` says what to type), or an operator: broker waive m --gate M1 --for 7d --why '…'
  [1]
  $ adversary-agent answer m M1 greets --commit "$(git rev-parse HEAD)" --holds --text 'It greets'
  adversary-agent: check-measured: "greets" is no manual check: it is run
    at: answer.check
    next: adversary-agent answer m M1 looks --commit [0-9a-f]{12} (re)
  [2]

What is to be typed is said by the claim, the status and JSON; the commit may be short where the ledger names it.

  $ grep '^next' ../claim.out
  next: adversary-agent answer m M1 looks --commit [0-9a-f]{12} --holds --text '…' (re)
  $ broker status --json | grep -o '"next":"adversary-agent answer m M1 looks' | head -n 1
  "next":"adversary-agent answer m M1 looks
  $ eval "$(sed -n 's/^next: //p' ../claim.out)"
  E-[0-9]+: looks of M1 is answered at [0-9a-f]{40} (re)
  $ wait_for sh -c 'broker log --kind verdict | grep PASS'
  $ printf '#!/bin/sh\necho goodbye\n' >greet && git commit -qam 'Another word'
  $ timeout 60 builder-agent claim M1 --wait --json >../claim.json
  [1]
  $ grep -o '"next":\["[^"]*"\],"exit":1' ../claim.json
  "next":["builder-agent claim M1 --wait"],"exit":1
  $ builder-agent wait M1 | tail -n 1
  next, once it is mended: builder-agent claim M1 --wait
  $ builder-agent claim M1 --commit HEAD~1 --wait >/dev/null
  $ builder-agent done --commit HEAD~1
  D-.*: m is DONE at [0-9a-f]{40} (re)
  $ broker show M1 | sed -n 2p
  now: passed, fresh
