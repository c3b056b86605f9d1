What is refused before the network: no broker runs here.
  $ git init -q -b main repository && cd repository
  $ broker init --name try >/dev/null

No commit yet:
  $ builder-agent claim M1
  builder-agent: claim-commit-unresolved: `HEAD` names no commit of this repository
    next: git log --oneline shows what there is; commit first if there is nothing
  [2]

A tree that is not committed, untracked and renamed files included; the project's own directory is no change:
  $ echo one >a && git add a && git commit -qm one
  $ git status --porcelain
  $ echo two >>a && echo new >'b c'
  $ builder-agent claim M1
  builder-agent: claim-dirty-tree: 2 changes are in no commit; the adversary would not see them
    at: a, b c
    next: git add -A && git commit, or git stash -u; then claim again
  [2]
  $ touch d e && git mv -f a z
  $ builder-agent claim M1 --json 2>/dev/null
  {"version":1,"refused":{"rule":"claim-dirty-tree","place":"z, b c, d, …","found":"4 changes are in no commit; the adversary would not see them","next":"git add -A && git commit, or git stash -u; then claim again"},"exit":2}
  [2]
  $ mkdir sub && cd sub
  $ builder-agent claim M1 --commit main
  builder-agent: claim-dirty-tree: 4 changes are in no commit; the adversary would not see them
    at: z, b c, d, …
    next: git add -A && git commit, or git stash -u; then claim again
  [2]
  $ cd ..

What is no commit:
  $ builder-agent claim M1 --commit nowhere
  builder-agent: claim-commit-unresolved: `nowhere` names no commit of this repository
    next: git log --oneline shows what there is; commit first if there is nothing
  [2]
  $ builder-agent claim M1 --commit=--all
  builder-agent: claim-commit-unresolved: `--all` names no commit of this repository
    next: git log --oneline shows what there is; commit first if there is nothing
  [2]
  $ builder-agent claim M1 --commit 0123456789012345678901234567890123456789
  builder-agent: claim-commit-unresolved: `0123456789012345678901234567890123456789` names no commit of this repository
    next: git log --oneline shows what there is; commit first if there is nothing
  [2]

Outside a repository only a full id of a named one will do:
  $ mkdir ../elsewhere && cd ../elsewhere && export COLDGATE_DIR=../repository
  $ builder-agent claim M1 --commit main --repo file:///r
  builder-agent: claim-commit-unresolved: `main` is not a full commit id, and there is no repository here to ask
    next: cd into the repository, or give --repo URL and --commit with the full id
  [2]
  $ builder-agent claim M1
  builder-agent: claim-commit-unresolved: there is no repository here
    next: cd into the repository, or give --repo URL and --commit with the full id
  [2]

Evidence that cannot be read; a time without its unit:
  $ builder-agent claim M1 --repo file:///r --commit 0123456789012345678901234567890123456789 --evidence none
  builder-agent: evidence-unreadable: there is no such file
    at: none
    next: give a file with the lines that matter
  [2]
  $ builder-agent claim M1 --wait --timeout 10
  builder-agent: option-value: --timeout 10 is not a duration
    next: write a number and a unit: 250ms, 30s, 5m, 24h, 7d
  [2]

A repository that an adversary would not fetch, secrets included; a path with %, which an escape would hide:
  $ builder-agent claim M1 --repo https://user:secret@example.net/r --commit 0123456789012345678901234567890123456789 2>&1 | head -1
  builder-agent: claim-repository: the repository's URL is refused: a user or a secret before the host does not belong into a ledger
  $ git init -q '../a%41' && (cd '../a%41' && git commit -q --allow-empty -m one && builder-agent claim M1) 2>&1 | head -1
  builder-agent: claim-repository: the repository's URL is refused: an escape in it hides a control character or a separator

Only then the broker is asked. (Its endpoint stands in the message; how long we wait for it, too.)
  $ builder-agent claim M1 --repo file:///r --commit 0123456789012345678901234567890123456789
  builder-agent: broker-away: nobody listens there
    at: ipc://$TMP/work/repository/.coldgate/run/broker.ipc
    next: start it: broker run
  [3]
  $ builder-agent withdraw F-1
  builder-agent: argument-value: `F-1` names a finding; a claim is wanted
    next: name the claim by its number: C-12
  [2]
