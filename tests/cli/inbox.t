What is addressed to an agent or its role.

  $ said() { "$@" >../said 2>&1; local status=$?; sed -E 's/\b([A-Z])-[0-9]+/\1-#/g; s/[-0-9]{10}T[0-9:]+Z/TIME/' ../said; return $status; }
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
  $ broker plan approve plan.md >/dev/null
  $ echo 'ping-start = 0s' >>.coldgate/config
  $ broker run >run.log 2>&1 &
  $ wait_for grep -q ready run.log
  $ adversary-agent inbox
  nothing new
  $ said broker note 'the proxy is down' --to-inbox adversary --gate M1
  N-#, in the inbox of adversary
  $ said adversary-agent inbox
  N-# TIME from operator, m M1: the proxy is down
  $ adversary-agent inbox
  nothing new
  $ said adversary-agent inbox --all
  N-# TIME from operator, m M1: the proxy is down
  $ adversary-agent inbox --all --json | cut -c1-33
  {"version":1,"entry":{"seq":6,"na

What is for others, or sealed, is passed over, also where it is the newest.

  $ broker note 'for the builder' --to-inbox builder >/dev/null
  $ builder-agent note 'my reasoning' --journal >/dev/null
  $ adversary-agent inbox
  nothing new

The watchdog tells the builder that it is waited for; and that goes on as long as one follows.

  $ builder-agent inbox --follow >inbox.out & following=$!
  $ wait_for grep -q 'for the builder' inbox.out
  $ adversary-agent finding m --title 'the token is in the log' --gate M1 >/dev/null
  $ wait_for grep -q 'from broker, m M1: .*the token is in the log' inbox.out
  $ printf 'a\033[31mb' >hostile
  $ broker note "$(cat hostile)" --to-inbox builder >/dev/null
  $ wait_for grep -q 31mb inbox.out
  $ kill -TERM $following; wait $following
  $ grep -c "$(printf '\033')" inbox.out
  0
  [1]
  $ builder-agent inbox --follow --timeout 50ms
  $ builder-agent inbox
  nothing new
