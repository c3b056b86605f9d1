Without a verb:
  $ adversary-agent
  adversary-agent: disbelieves claims: verifies them cold, in its own sandbox, and gives verdicts
  usage: adversary-agent VERB …
    run            Take claims from the broker, verify them cold, give verdicts.
    verify         Verify one gate of a plan at a commit, now, without a broker.
    doctor         What isolation this machine gives, what is missing, and what to do about it.
    status         Where the gates stand, who is waited for, why not DONE.
    findings       The findings that are not closed.
    inbox          What is addressed to you or your role, since you last looked.
    finding        File a defect.
    close          Close a finding that you re-tested.
    reopen         A finding is still there, or there again.
    correct        Correct what a finding says; what is not given stays.
    defer          Let an item stay open past its gate; it must close before DONE.
    probe          Record what you tried or saw; not a verdict.
    veto           Refuse DONE, or gates, until a condition holds.
    lift           Lift a veto.
    retract        Take a verdict that was wrong out of count.
    answer         Answer a manual check.
    note           Words for the record, or an inbox; never a verdict.
    pause          You are waiting until a time: nobody is pinged for you before.
    resume         End your pause before its time.
    hold           Lock what agents share, by a name that they agree on; with a command, while it runs.
    release        Give a lock back, or wait for it no more.
    keygen         Make a key here; only its public line travels.
  `adversary-agent VERB --help` explains a verb.
  exit status: 0 holds, 1 does not hold, 2 usage or plan error, 3 could not be carried out,
  4 not authorised, 5 nothing selected, 6 stale or other commit, 8 still pending at the timeout
  [2]

A key is made where it lives; only its public line is printed.
  $ adversary-agent keygen eve --out key
  key
  coldgate-ed25519-curve [A-Za-z0-9+/]{86}== eve (re)
    id: [0-9a-f]{16} (re)
    next, as the operator: broker admit eve adversary key.pub
  $ adversary-agent keygen eve --out key
  adversary-agent: key-exists: a key is never overwritten
    at: key
    next: choose another name, or move the old key away
  [2]
  $ adversary-agent keygen ../eve --out other
  adversary-agent: argument-value: `../eve` cannot be an agent's name
    next: letters, digits, `.`, `_`, `-`, `@`; up to 64; begin with a letter or digit
  [2]
  $ adversary-agent keygen bob --out bob --json
  \{"version":1,"key":\{"name":"bob","path":"bob","public":"coldgate-ed25519-curve [A-Za-z0-9+/]{86}== bob","id":"[0-9a-f]{16}"\}\} (re)

What is asked for is looked at before anything is fetched.
  $ printf '%s\n' '```yaml phase' 'version: 1' 'phase: trial' '```' '' > plan.md
  $ printf '%s\n' '```yaml gate' 'gate: M1' 'title: It works' 'checks:' '  - id: says' >> plan.md
  $ printf '%s\n' '    run: [cat, README]' '    expect: { stdout: { equals: "a product\n" } }' '```' >> plan.md
  $ adversary-agent verify plan.md M1
  adversary-agent: option-missing: --repo is needed
    next: adversary-agent verify plan.md M1 --repo . --commit $(git -C . rev-parse HEAD)
  [2]
  $ adversary-agent verify plan.md M1 --repo . --commit HEAD
  adversary-agent: commit-malformed: `HEAD` is not a full commit id: 40 or 64 hex digits, lower case
    next: adversary-agent verify plan.md M1 --repo . --commit $(git -C . rev-parse HEAD)
  [2]
  $ adversary-agent verify none.md M1 --repo . --commit 0123456789012345678901234567890123456789
  adversary-agent: plan-unreadable: none.md cannot be read: No such file or directory
  [2]
  $ adversary-agent verify plan.md M --repo . --commit 0123456789012345678901234567890123456789
  adversary-agent: gate-unknown: the plan has no gate `M`
    next: did you mean `M1`?
  [5]
  $ adversary-agent verify plan.md M1 --check say --repo . --commit 0123456789012345678901234567890123456789
  adversary-agent: check-unknown: gate M1 has no check `say`
    next: did you mean `says`?
  [5]
  $ adversary-agent verify plan.md M1 --fetch-timeout 5 --repo . --commit 0123456789012345678901234567890123456789
  adversary-agent: option-value: --fetch-timeout 5 is not a duration
    next: write a number and a unit: 250ms, 30s, 5m, 24h, 7d
  [2]

A repository, cold: what is committed counts, what lies about does not.
  $ git init -q product && echo "a product" > product/README && git -C product add -A
  $ git -C product -c user.name=A -c user.email=a@example.net commit -qm first && commit=$(git -C product rev-parse HEAD)
  $ adversary-agent verify plan.md M1 --repo product --commit $commit
    pass     says * (glob)
  PASS  M1 at *, cold, *: 1 check held (glob)
  $ echo "broken" > product/README
  $ adversary-agent verify plan.md M1 --repo product --commit $commit
    pass     says * (glob)
  PASS  M1 at *, cold, *: 1 check held (glob)
  $ cp -r product 'pröduct (1)' && adversary-agent verify plan.md M1 --repo 'pröduct (1)' --commit $commit
    pass     says * (glob)
  PASS  M1 at *, cold, *: 1 check held (glob)
  $ git -C product -c user.name=A -c user.email=a@example.net commit -qam second && commit=$(git -C product rev-parse HEAD)
  $ adversary-agent verify plan.md M1 --repo product --commit $commit
    fail     says *  assert.stdout (glob)
             stdout.equals
               expected: a product\n
               found   : broken
             stdout| broken
             attempt: 1: fail assert.stdout, *: stdout.equals: expected a product*, found broken (glob)
             attempt: 2: fail assert.stdout, *, on a copy: stdout.equals: expected a product*, found broken (glob)
             cold: adversary-agent verify plan.md M1 --repo file://*/product --commit * --check says (glob)
  FAIL  M1 at *, assert.stdout: says: stdout.equals: expected a product*, found broken (glob)
             cold: adversary-agent verify plan.md M1 --repo file://*/product --commit * (glob)
  [1]
  $ adversary-agent verify plan.md M1 --repo product --commit $commit --json | grep -o '"decision":"[A-Z]*"'
  "decision":"FAIL"

One check is asked for by its id; without its row, all of the matrix.
  $ printf '%s\n' '```yaml phase' 'version: 1' 'phase: trial' '```' '' '```yaml gate' 'gate: R' 'checks:' > rows.md
  $ printf '%s\n' '  - id: row' '    matrix: [{ n: "1" }, { n: "2" }]' '    run: [cat, README]' >> rows.md
  $ printf '%s\n' '    expect: { stdout: { contains: broken, not-contains: "${matrix.n}" } }' '  - id: other' '    run: [test, -s, README]' '```' >> rows.md
  $ adversary-agent verify rows.md R --check row --repo product --commit $commit | grep -o '^  [a-z]*  *[^ ]*'
    pass     row[n=1]
    pass     row[n=2]
  $ adversary-agent verify rows.md R --check 'row[n=2]' --repo product --commit $commit | grep -o '^  [a-z]*  *[^ ]*'
    pass     row[n=2]
  $ adversary-agent verify rows.md R --check 'row[n=3]' --repo product --commit $commit
  adversary-agent: check-unknown: gate R has no check `row[n=3]`
    next: did you mean `row[n=1]`?
  [5]

What a check would run in is told without running it, and without a commit.
  $ printf '%s\n' '```yaml phase' 'version: 1' 'phase: trial' '```' '' '```yaml gate' 'gate: E' 'lock: proxy' 'checks:' > explain.md
  $ printf '%s\n' '  - id: makes' "    run: touch $PWD/made" '    on: host' '    cleanup: rm -f made' >> explain.md
  $ printf '%s\n' '  - id: boxed' '    needs: [makes]' '    run: [cat, /etc/hostname]' '    env: { API_TOKEN: hush-hush }' >> explain.md
  $ printf '%s\n' '    host-access: [/etc/hostname]' '    limits: { memory: 64MiB }' '    retries: 2' '    interval: 1s' '    expect: { stdout: { contains: a } }' '```' >> explain.md
  $ adversary-agent verify explain.md E --explain --check boxed > out; grep -E '^(gate|check) |^  (lock|runs|argv|directory|network|needs|attempts|seccomp) |API_TOKEN|memory' out
  gate E
    lock          proxy, exclusive
  check boxed
    runs          in a sandbox
    argv          cat
    directory     /work
                  API_TOKEN=[redacted]
    network       none: a namespace of its own, loopback up
    seccomp       a filter refuses what makes namespaces, mounts, keys, BPF and modules, with an error
    needs         makes
    attempts      3 at most, each within 1 min 00 s, every 1.0 s
                  memory of each process 64.0 MiB (67108864 bytes)
  $ grep -E -o ' (/work (overlay|tmpfs|ext4), writable|/etc/hostname [a-z0-9]+, read-only|capabilities: none; new privileges: never)' out | sort | sed 's/ overlay,\| tmpfs,\| ext4,/ …,/'
   /etc/hostname *, read-only (glob)
   /work …, writable
   capabilities: none; new privileges: never
  $ adversary-agent verify explain.md E --explain --check makes | grep -E '^  (runs|network|cleanup)|^  isolation +none'
    runs          on the host, with the agent's own rights
    network       host: the plan opened it
    isolation     none (on: host, by the plan)* (glob)
    cleanup       rm -f made
  $ adversary-agent verify explain.md E --explain --json | grep -o -e '"check":"[a-z]*"' -e '"memory_bytes":[0-9]*'
  "check":"makes"
  "memory_bytes":0
  "check":"boxed"
  "memory_bytes":67108864
  $ ls made
  ls: cannot access 'made': No such file or directory
  [2]
  $ sed 's,host-access: .*,host-access: [/no/such],' explain.md > none.md; adversary-agent verify none.md E --explain --check boxed
  adversary-agent: sandbox.access: * (glob)
    at: gate E, check boxed
  [3]
  $ adversary-agent verify explain.md F --explain > out
  adversary-agent: gate-unknown: the plan has no gate `F`
    next: did you mean `E`?
  [5]

A secret is in no evidence, whoever prints it.
  $ printf '%s\n' 'open sesame, said Ali' > secrets && chmod 600 secrets
  $ printf '%s\n' '```yaml phase' 'version: 1' 'phase: trial' '```' '' '```yaml gate' 'gate: M2' 'checks:' '  - id: leaks' > leak.md
  $ printf '%s\n' '    run: "echo open sesame, said Ali; echo open sesame, said Ali | base64; exit 1"' '```' >> leak.md
  $ adversary-agent verify leak.md M2 --repo product --commit $commit --secrets secrets --json > leak.json
  [1]
  $ grep -c -e sesame -e b3BlbiBzZXNhbWU leak.json
  0
  [1]
  $ grep -o '"head":"[^"]*redacted[^"]*"' leak.json
  "head":"[redacted]\n[redacted]Cg==\n"
  $ chmod 644 secrets && adversary-agent verify leak.md M2 --repo product --commit $commit --secrets secrets
  adversary-agent: secrets-file: others than its owner may read it
    at: secrets
    next: a secret a line, 8 to 1024 bytes, in a file of mode 0600
  [2]

What this machine can do is found out by doing it.
  $ adversary-agent doctor | grep -E -o '^  (good|weak) +(runner|isolation|canary|git|scratch) |^This machine gives [a-z]+'
    good     runner * (glob)
    * isolation* (glob)
    good     canary * (glob)
    good     git * (glob)
    * scratch* (glob)
  This machine gives verdicts
  $ adversary-agent doctor | grep -c 'good *canary *exit status, files, fork and loopback'
  1
  $ adversary-agent doctor --json | grep -o '"isolation":"[a-z]*: [^"]*seccomp'
  "isolation":"(root|unprivileged): .*seccomp (re)
  $ COLDGATE_RUNNER=/none/such adversary-agent doctor | head -n 2
    missing  runner     /none/such: No such file or directory
             next: install coldgate whole, or set COLDGATE_RUNNER
  $ COLDGATE_RUNNER=/none/such adversary-agent doctor --json | grep -o '"state":"missing","isolation":""'
  "state":"missing","isolation":""
  $ COLDGATE_RUNNER=/none/such adversary-agent doctor > out
  [1]
