Named resources: one at a time, first come, first served; a command while it is held.

  $ said() { "$@" >../said 2>&1; local status=$?; sed -E 's/\b([A-Z])-[0-9]+/\1-#/g; s/token is [0-9]+/token is #/' ../said; return $status; }
  $ label() { grep -oE "$1-[0-9]+" ../said | head -n 1; }
  $ wait_for() { timeout 20 sh -c 'until "$@" >/dev/null 2>&1; do sleep 0.05; done' - "$@"; }
  $ git init -q -b main shop && cd shop && broker init >/dev/null
  $ broker run >run.log 2>&1 &
  $ wait_for grep -qs ready run.log

What nobody has is had at once, and only once.

  $ said builder-agent hold proxy --for 5m --why 'load test'
  H-#: you have proxy until 20[-0-9T:]+Z; its fencing token is #, later ones are higher; when you are done, give it back (re)
    next: builder-agent release H-#
  $ H=$(label H)
  $ said adversary-agent hold proxy
  H-#: you do not have proxy: it was not free in time; --wait waits for your turn
    held by builder (H-#), until * at the latest (glob)
    next: adversary-agent hold proxy --wait
  [8]
  $ adversary-agent hold proxy --for 5m --why 'load; test' -- sh -c 'exit 7' | tail -n 1
    next: adversary-agent hold proxy --for 5m --why 'load; test' --wait -- sh -c 'exit 7'
  $ adversary-agent hold proxy --wait --timeout 50ms --json
  \{"version":1,"hold":\{"seq":[0-9]+,"name":"H-[0-9]+","resource":"proxy","lock":"exclusive","granted":false\},"exit":8\} (re)
  [8]
  $ broker status | grep proxy
    H-.* proxy: held by builder, exclusive, since .*, until .*: load test (re)
  $ adversary-agent release $H
  adversary-agent: hold-not-yours: * (glob)
  * (glob)
  * (glob)
  [4]
  $ builder-agent release V-3
  builder-agent: argument-value: `V-3` names a verdict; a hold is wanted
    next: name the hold by its number: H-12
  [2]

Who waits gets it when it is given back. The command knows its fencing token; its exit status is ours; the hold ends with it.

  $ adversary-agent hold proxy --wait -- sh -c 'test "$COLDGATE_FENCE" -gt 0 && echo "$COLDGATE_RESOURCE"; exit 7' >command.out 2>/dev/null & waiting=$!
  $ wait_for sh -c 'broker status | grep -q "waited for by adversary"'
  $ said builder-agent release $H
  H-# is released
  $ wait $waiting
  [7]
  $ cat command.out
  proxy
  $ broker status | grep -c proxy
  0
  [1]
  $ builder-agent hold proxy -- nosuch-command
  nosuch-command: No such file or directory
  [127]
  $ builder-agent hold proxy -- sh -c 'kill -9 $$'
  [137]

Shared by who says so.

  $ builder-agent hold data --shared >/dev/null && adversary-agent hold data --shared -- echo both
  both
  $ adversary-agent hold data >/dev/null
  [8]

A signal goes to the command; its hold is released all the same.

  $ builder-agent hold proxy -- sh -c 'trap "echo caught; exit 3" TERM; echo up; while :; do sleep 0.05; done' >trap.out & holder=$!
  $ wait_for grep -q up trap.out
  $ kill -TERM $holder; wait $holder
  [3]
  $ cat trap.out
  up
  caught
  $ broker status | grep -c proxy
  0
  [1]

While it waits a signal takes it out of the queue.

  $ builder-agent hold proxy >/dev/null
  $ builder-agent hold proxy --wait >wait.out 2>/dev/null & waiting=$!
  $ wait_for sh -c 'broker status | grep -q "waited for by builder"'
  $ kill -TERM $waiting; wait $waiting
  [130]
  $ broker status | grep -c 'waited for'
  0
  [1]

A hold that runs out ends its command: another may have the resource then.

  $ said builder-agent hold other --for 1s -- sleep 60
  builder-agent: H-# has ended: its time is over; the command is stopped
  [6]

What is mistyped.

  $ builder-agent hold proxy echo x
  builder-agent: argument-count: 3 arguments given; wanted: RESOURCE
    next: a command comes behind --: builder-agent hold RESOURCE -- COMMAND
  [2]
  $ builder-agent hold proxy --for 10
  builder-agent: option-value: --for 10 is not a duration
    next: write a number and a unit: 30s, 5m, 24h, 7d
  [2]
  $ builder-agent hold proxy --json -- true 2>/dev/null | cut -c1-51
  {"version":1,"refused":{"rule":"option-value","plac
