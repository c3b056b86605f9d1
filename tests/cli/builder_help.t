Without a verb, and with one that is mistyped:
  $ builder-agent
  builder-agent: claims that gates hold, waits for the adversary's verdicts, asks for DONE
  usage: builder-agent VERB …
    claim          Say that gates hold at a commit.
    try            Run a gate here, cold, as an adversary would; never a verdict.
    wait           Wait for the verdicts of a claim.
    withdraw       Take a claim back.
    status         Where the gates stand, who is waited for, why not DONE.
    findings       The findings that are not closed.
    inbox          What is addressed to you or your role, since you last looked.
    fixed          Say that a finding is mended; the adversary re-tests it.
    note           Words for the record, the journal or an inbox; never a claim.
    pause          You are waiting until a time: nobody is pinged for you before.
    resume         End your pause before its time.
    hold           Lock what agents share, by a name that they agree on; with a command, while it runs.
    release        Give a lock back, or wait for it no more.
    done           Ask that a phase be DONE.
    keygen         Make a key here; only its public line travels.
  `builder-agent VERB --help` explains a verb.
  exit status: 0 holds, 1 does not hold, 2 usage or plan error, 3 could not be carried out,
  4 not authorised, 5 nothing selected, 6 stale or other commit, 8 still pending at the timeout
  [2]
  $ builder-agent clam M1
  builder-agent: verb-unknown: there is no verb `clam`
    next: did you mean `builder-agent claim`?
  [2]

Mistakes on the command line:
  $ builder-agent claim
  builder-agent: argument-count: 0 arguments given; wanted: GATE…
    next: builder-agent claim --help
  [2]
  $ builder-agent claim M1 --comit HEAD
  builder-agent: option-unknown: `claim` has no option --comit
    next: did you mean --commit?
  [2]

Outside a project nothing is claimed:
  $ builder-agent claim M1
  builder-agent: project-missing: there is no .coldgate here or above
    at: the current directory
    next: broker init, or name the project with --dir or COLDGATE_DIR
  [2]
  $ builder-agent status --json 2>/dev/null
  {"version":1,"refused":{"rule":"project-missing","place":"the current directory","found":"there is no .coldgate here or above","next":"broker init, or name the project with --dir or COLDGATE_DIR"},"exit":2}
  [2]
