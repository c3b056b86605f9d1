A revision of a plan: what it changes and weakens is seen before it is approved.

  $ broker init --name shop >/dev/null
  $ cat >plan.md <<'END'
  > # Phase m
  > 
  > ```yaml phase
  > version: 1
  > phase: m
  > protected: [ci/**]
  > ```
  > 
  > ```yaml gate
  > gate: M1
  > title: It says hello
  > checks:
  >   - id: greets
  >     run: ./greet
  >     timeout: 30s
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

  $ broker plan diff plan.md
  phase m: it has no plan yet
  $ broker plan approve plan.md | cut -c1-24
  plan m approved: entry 5
  $ broker plan diff plan.md
  phase m: no gate changes

A longer timeout is a weakening; it is shown and not approved.

  $ sed 's/timeout: 30s/timeout: 60s/' plan.md >slower.md
  $ broker plan diff slower.md
  phase m
    change and go stale: M1
    weakened, or changed without a direction:
      - gate M1, check greets: timeout: 30.0 s -> 1 min 00 s
  [1]
  $ broker plan approve slower.md
  phase m
    change and go stale: M1
    weakened, or changed without a direction:
      - gate M1, check greets: timeout: 30.0 s -> 1 min 00 s
  broker: plan-weakens: the revision weakens the plan in force; it is not approved
    next: broker plan approve slower.md --accept-weakening
  [1]
  $ broker plan approve slower.md --json 2>/dev/null
  {"version":1,"diff":{"phase":"m","changed":["M1"],"added":[],"removed":[],"weakened":["gate M1, check greets: timeout: 30.0 s -> 1 min 00 s"]},"exit":1}
  [1]
  $ broker log --kind plan | wc -l
  1
  $ broker plan approve slower.md --accept-weakening | cut -c1-24
  plan m approved: entry 6

Less time again is none, nor is another gate; one that goes is, and a path that is protected no more.

  $ broker plan diff plan.md
  phase m
    change and go stale: M1
  $ broker plan approve plan.md | cut -c1-24
  plan m approved: entry 7
  $ sed 's/M2/M3/; s/protected: .*/protected: [docs]/' plan.md >other.md
  $ broker plan diff other.md | grep -v ' - '
  phase m
    new: M3
    gone: M2
    weakened, or changed without a direction:
  $ broker plan diff other.md | grep -c 'is gone'
  2
  $ broker plan diff none.md
  broker: file-unreadable: No such file or directory
    at: none.md
  [2]
  $ broker plan diff plan.md --phase n
  broker: plan-other-phase: it plans phase m, not n
    at: plan.md
  [2]

In a git work tree the entry says where the file lies in it, so that a commit's copy can be compared.

  $ broker show 5 --json | grep -c '"path"'
  0
  [1]
  $ mkdir -p docs/sub && git init -q && cp plan.md docs/plan.md
  $ ln -s ../plan.md docs/sub/plan.md
  $ cd docs/sub && broker plan approve plan.md | cut -c1-24
  plan m approved: entry 8
  $ cd ../.. && broker show 8 --json | grep -o '"path":"[^"]*"'
  "path":"docs/plan.md"
