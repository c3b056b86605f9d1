Commits of the rendered files, and the views.

  $ git init -q work && cd work
  $ broker init --name p >/dev/null
  $ echo 'docs = machine-docs' >>.coldgate/config
  $ broker render --commit --check
  broker: option-value: --check and --commit do not go together
    next: broker render --help
  [2]
  $ broker render --repo .
  broker: option-alone: --repo counts only together with --commit
    next: broker render --commit --repo .
  [2]
  $ broker render --commit
  1 commit, HEAD is [0-9a-f]{12}: entries up to 4 (re)
  $ broker render --commit
  nothing to commit: HEAD has entry 4
  $ broker render --commit --json
  {"version":1,"commit":{"commits":0,"head":"*","entry":4}} (glob)
  $ git log --format='%an: %s'
  broker: status: entries 1 to 4
  $ git status --short
  $ ls machine-docs
  CHECKPOINT
  CHECKPOINT.sig
  allowed_signers

Elsewhere: a directory of another repository, which gets the files as well.

  $ git init -q ../other && mkdir ../other/record
  $ broker render --commit --repo ../other/record
  1 commit, HEAD is [0-9a-f]{12}: entries up to 4 (re)
  $ git -C ../other ls-files && git -C ../other status --short
  record/CHECKPOINT
  record/CHECKPOINT.sig
  record/allowed_signers
  $ mkdir ../nowhere && broker render --commit --repo ../nowhere
  broker: repository-missing: git says: fatal: not a git repository* (glob)
    at: ../nowhere
    next: let `docs` in .coldgate/config be a directory of the repository, or name one with --repo
  [3]
  $ git -C ../other switch -q --detach
  $ broker render --commit --repo ../other/record
  broker: repository-detached: HEAD is on no branch: the commit would be lost
    at: */other/.git (glob)
    next: git switch BRANCH
  [3]

The views.

  $ broker views
  views of 4 entries in */.coldgate/views.db (glob)
  $ sqlite3 -readonly .coldgate/views.db "SELECT kind, what FROM timeline"
  genesis|
  admit|operator
  admit|builder
  admit|adversary
  $ broker views --anew --json
  {"version":1,"views":{"entries":4,"file":"*/.coldgate/views.db"}} (glob)
  $ broker verify --json
  {"version":1,"verify":{"holds":true,*"views":"hold"}} (glob)
  $ sqlite3 .coldgate/views.db "UPDATE entry SET kind = 'x' WHERE seq = 2"
  $ broker verify 2>&1 | tail -n 4
  its views do not hold
  views-differ: the row is not what the ledger gives
    at: views.db, entry 2
    next: broker views --anew makes them from the ledger as it is now
