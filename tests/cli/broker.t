The broker's verbs, as a person types them. There is no broker running unless it is said.

A verb that is mistyped.

  $ broker stauts
  broker: verb-unknown: there is no verb `stauts`
    next: did you mean `broker status`?
  [2]

Without a project nothing can be looked at.

  $ broker status
  broker: project-missing: there is no .coldgate here or above
    at: the current directory
    next: broker init, or name the project with --dir or COLDGATE_DIR
  [2]

  $ mkdir shop && cd shop && broker init
  made */shop/.coldgate: ledger, settings, keys of the broker and of an operator, a builder, an adversary (glob)
  next:
    broker plan new PHASE >PLAN.md a plan to begin with; then edit it
    broker plan approve PLAN.md    put a plan in force
    broker run &                   serve
    adversary-agent run &          verify claims
    builder-agent claim GATE --wait

  $ stat -c %a .coldgate/keys .coldgate/keys/broker .coldgate/ledger.db .coldgate/run
  700
  600
  600
  700
  $ broker init
  broker: project-exists: there is a project already
    at: */shop/.coldgate (glob)
    next: broker run
  [2]

  $ broker status
  shop, entry 4, * (glob)
  no plan is approved; next: broker plan approve FILE

A plan to begin with is one.

  $ broker plan new slug >first.md && broker plan lint first.md | head -n 1
  first.md: phase slug, 2 gates, 2 checks, no mistakes
  $ broker plan new 'no name' 2>&1 | head -n 1
  broker: plan-value: * (glob)
  $ broker plan new slug --json | cut -c1-60
  {"version":1,"plan":{"phase":"slug","text":"# Phase `slug`\n
  $ rm first.md

Plans are looked at before they are approved.

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
  $ sed 's/checks:/cheks:/' plan.md >wrong.md
  $ broker plan lint plan.md
  plan.md: phase m, 1 gate, 1 check, no mistakes
  $ broker plan lint wrong.md | grep -c 'wrong.md:'
  [1-9] (re)
  $ broker plan lint wrong.md >/dev/null
  [2]
  $ broker plan approve wrong.md 2>/dev/null
  [2]
  $ broker plan approve plan.md --phase other
  broker: plan-other-phase: it plans phase m, not other
    at: plan.md
  [2]
  $ broker plan approve plan.md --key .coldgate/keys/builder
  broker: role-forbids: * (glob)
  * (glob)
  * (glob)
  [4]
  $ broker plan approve plan.md
  plan m approved: entry 5, digest [0-9a-f]{16}, gates M1 (re)
  $ broker plan show m --text | cmp - plan.md
  $ broker status --json
  {"version":1,"status":{"project":"*","head_seq":5,"now_ms":*,"phases":[[]{"phase":"m",* (glob)
  $ broker plan
  broker: verb-unknown: there is no verb `plan`
    next: broker plan new, broker plan lint, broker plan approve, broker plan diff, broker plan prove, broker plan show
  [2]
  $ broker plan show n
  broker: phase-unknown: there is no phase `n`
    next: did you mean m?
  [5]

Agents.

  $ broker keygen ada | head -n 1
  */shop/.coldgate/keys/ada (glob)
  $ broker keygen ada
  broker: key-exists: a key is never overwritten
    at: */shop/.coldgate/keys/ada (glob)
    next: choose another name, or move the old key away
  [2]
  $ broker admit ada advresary .coldgate/keys/ada.pub
  broker: argument-value: there is no role `advresary`
    next: did you mean adversary?
  [2]
  $ broker admit ada adversary "$(cat .coldgate/keys/ada.pub)"
  admitted ada as adversary: entry 6, key [0-9a-f]{16} (re)
  $ broker revoke ada
  broker: option-missing: a revocation has a reason
    next: broker revoke ada --why 'key lost'
  [2]
  $ broker revoke ada --why 'key lost'
  revoked ada: entry 7

What is in the ledger.

  $ broker log --kind admit --tail 1
  E-6     \S+Z  operator   admit    ada as adversary (re)
  $ broker log --from 5 | sed 's/20.*Z  //'
  R-5     operator   plan     m: 1 gate, from plan.md
  E-6     operator   admit    ada as adversary
  E-7     operator   revoke   ada: key lost
  $ broker log --kind admit --tail 1 --verbose
  E-6     \S+Z  operator   admit    name=ada role=adversary key=[0-9a-f]+… (re)
  $ broker log --phase m --json | cut -c1-60
  {"version":1,"entry":{"seq":5,"name":"R-5","kind":"plan","ph
  $ broker log --phase n
  broker: phase-unknown: there is no phase `n`
    next: did you mean m?
  [5]
  $ broker log --actor aba
  broker: agent-unknown: there is no agent `aba`
    next: did you mean ada?
  [5]
  $ broker log --actor nobody
  broker: agent-unknown: there is no agent `nobody`
    next: one of: broker, operator, builder, adversary, ada
  [5]
  $ broker log --actor nobody --follow --timeout 50ms
  broker: there is no agent `nobody` yet
  $ broker log --gate nothing --phase m
  broker: gate-unknown: there is no gate `nothing`
    next: one of: M1
  [5]
  $ broker log --actor ada
  $ broker log --kind verdcit
  broker: option-value: there is no kind `verdcit` of entry
    next: did you mean verdict?
  [2]
  $ broker show 7
  E-7 revoke by operator, *, hash * (glob)
    name: ada
    why: key lost
  $ broker show V-7
  broker: entry-unknown: entry 7 is a revoke
    next: broker show E-7
  [5]
  $ broker show C-6
  broker: entry-unknown: entry 6 is an admit
    next: broker show E-6
  [5]
  $ broker show 99
  broker: entry-unknown: there is no entry 99: the newest is entry 7
    next: broker log --tail 10
  [5]
  $ broker show abcdef
  broker: entry-unknown: no evidence has a digest that begins with abcdef
    next: broker show V-NUMBER names the evidence of its checks
  [5]

The files.

  $ ls .coldgate/docs
  BACKLOG-m.md
  CHECKPOINT
  CHECKPOINT.sig
  JOURNAL-m.md
  REVIEW-m.md
  STATUS-m.md
  allowed_signers
  $ broker render --check
  the files of 1 phase are what the ledger gives, in */docs (glob)
  $ sed -i 's/M1/M9/' .coldgate/docs/STATUS-m.md
  $ broker render --check 2>&1 | head -n 1
  broker: render-differs: the file has "*M9*", the ledger gives "*M1*" (glob)
  $ broker render --check 2>/dev/null
  [1]
  $ broker render
  files of 1 phase written to */docs (glob)
  $ broker render --check >/dev/null

A library that is needed and is not there.

  $ printf '[hook]\nkind = webhook\nurl = http://127.0.0.1:9/\n' >.coldgate/deliveries && chmod 600 .coldgate/deliveries
  $ mkdir broken && : >broken/libcurl.so.4
  $ LD_LIBRARY_PATH=broken broker run
  broker: library-missing: broken/libcurl.so.4: file too short
    next: install libcurl's library (Debian: apt-get install libcurl4)
  [2]
  $ rm -r broken .coldgate/deliveries
