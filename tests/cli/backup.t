Backups, and what comes of going back to one: nobody goes on from fewer entries than he has seen without a word.

  $ wait_for() { timeout 20 sh -c 'until "$@" >/dev/null 2>&1; do sleep 0.05; done' - "$@"; }
  $ start() { : >run.log; broker run >run.log 2>&1 & broker=$!; wait_for grep -qs ready run.log; }
  $ stop() { kill $broker; wait $broker; }
  $ git init -q -b main shop && cd shop && broker init >/dev/null
  $ start

A running broker is backed up; the file is verified, and named by what it holds where a directory is given.

  $ broker backup ../old.db
  backup holds: 4 entries, 0 evidence, head [0-9a-f]{64} (re)
    in ../old.db, [0-9]+ bytes (re)
    the ledger is at entry 4 now
  $ stat -c %a ../old.db; ls ../old.db*
  600
  ../old.db
  $ broker backup ../old.db
  broker: file-exists: a backup is never overwritten
    at: ../old.db
    next: name another file, or a directory
  [2]
  $ mkdir ../many && broker backup ../many --json
  \{"version":1,"backup":\{"file":"../many/ledger-000000004-[0-9a-f]{12}.db","bytes":[0-9]+,"ledger":"[0-9a-f]{64}","entries":4,"evidence":0,"head":"[0-9a-f]{64}","live":4\}\} (re)

What a backup that was killed has left is removed by the next one to the same place: not where its process lives, nor while it is fresh.

  $ (exit) & dead=$!; wait $dead
  $ touch -d '2 hours ago' ../third.db.$dead.new ../third.db.$dead.new-journal ../third.db.$$.new ../third.db.x.new ../third.db.$dead.newer ../many/.backup-$dead.new
  $ touch ../fourth.db.$dead.new
  $ broker backup ../third.db >/dev/null && broker backup ../fourth.db >/dev/null && broker backup ../many 2>/dev/null
  [2]
  $ ls -A .. ../many | grep -F .new | sed "s/$dead/DEAD/; s/$$/LIVE/" | sort
  fourth.db.DEAD.new
  third.db.DEAD.newer
  third.db.LIVE.new
  third.db.x.new
  $ rm ../third.db* ../fourth.db*
  $ broker restore ../old.db
  broker: ledger-locked: a broker has it open: process * (glob)
    at: */ledger.db (glob)
    next: stop it (kill *, or by its service manager), then broker restore, then broker run: agents wait meanwhile (glob)
  [3]

An agent sees entry 5; the ledger of four entries is then put back by hand, and by the verb.

  $ builder-agent hold proxy >/dev/null && builder-agent inbox >/dev/null 2>&1; ls .coldgate/agents/builder/inbox
  .coldgate/agents/builder/inbox
  $ stop
  $ cp .coldgate/ledger.db ../new.db
  $ cp ../old.db .coldgate/ledger.db; rm -f .coldgate/ledger.db-wal .coldgate/ledger.db-shm
  $ broker run
  broker: ledger-shorter: */CHECKPOINT was signed for entry 6, which this ledger, of 4 entries, does not have (glob)
    at: */.coldgate/ledger.db (glob)
    next: broker restore the newest backup; what is lost for good is said so: broker restore --accept-loss WHY
  [3]
  $ broker restore ../new.db
  restored: 6 entries, 0 evidence, head [0-9a-f]{64} (re)
    the ledger that was is kept: */ledger-replaced-*.db (glob)
    next: broker run
  $ broker verify | head -n 1
  ledger holds: 6 entries, 0 evidence, head [0-9a-f]{64} (re)
  $ broker restore ../old.db
  broker: ledger-loses: the backup ends with entry 4, and entry 6 was signed: it would be lost
    at: */.coldgate/ledger.db (glob)
    next: take a newer backup; if there is none: the same with --accept-loss WHY
  [3]

A backup that does not hold touches nothing.

  $ cp ../old.db ../bad.db && sqlite3 ../bad.db "DROP TRIGGER entry_update; UPDATE entry SET actor = 'eve' WHERE seq = 3"
  $ broker restore ../bad.db
  broker: entry-hash: its hash is not that of its columns
    at: entry 3
    next: broker show 3; trust nothing from this entry on
  [1]
  $ broker restore ../nothing.db 2>&1 | head -n 1
  broker: ledger-unreadable: it cannot be copied: unable to open database file
  $ broker verify | head -n 1
  ledger holds: 6 entries, 0 evidence, head [0-9a-f]{64} (re)

The operator says that it is lost: an entry says so, and the agent, which has seen more, says it too and goes on.

  $ cp .coldgate/agents/builder/seen ../seen
  $ broker restore ../old.db --accept-loss ''
  broker: argument-value: --accept-loss is no reason for an entry
    next: a text of 1 to 512 bytes, in UTF-8
  [2]
  $ broker log --follow >../follow.out 2>&1 & following=$!
  $ wait_for grep -qs genesis ../follow.out
  $ broker restore ../old.db --accept-loss 'the disk died'
  restored: 4 entries, 0 evidence, head [0-9a-f]{64} (re)
    ENTRIES ARE LOST: 5 to 6; entry 5 says so, and every agent will
    the ledger that was is kept: */ledger-replaced-*.db (glob)
    next: broker run
  $ wait $following
  [3]
  $ tail -n 3 ../follow.out
  broker: ledger-replaced: it was brought up to a newer format, or made smaller by `broker gc`, or a backup was restored
    at: */.coldgate/ledger.db (glob)
    next: the same once more
  $ broker log --kind restored
  E-5     *  broker     restored  the disk died; kept: up to entry 4, lost: up to entry 6 (glob)
  $ broker verify | head -n 1
  ledger holds: 5 entries, 0 evidence, head [0-9a-f]{64} (re)
  $ start
  $ builder-agent hold proxy 2>&1 | grep -o 'THE LEDGER WAS RESTORED FROM A BACKUP: entries 5 to 6.*(the disk died)'
  THE LEDGER WAS RESTORED FROM A BACKUP: entries 5 to 6, which this agent may have seen, are lost (the disk died)
  $ ls .coldgate/agents/builder | grep -c '^seen.lost-'
  1
  $ test -e .coldgate/agents/builder/inbox
  [1]
  $ builder-agent release proxy 2>&1 | grep -c RESTORED
  0
  [1]
  $ stop

Nothing on this machine remembers what an agent elsewhere has seen: it brings what the broker signed, and the broker refuses to go on with it, by name.

  $ rm -r .coldgate/agents .coldgate/docs; mkdir -p .coldgate/agents/builder .coldgate/docs
  $ cp ../old.db .coldgate/ledger.db; rm -f .coldgate/ledger.db-wal .coldgate/ledger.db-shm .coldgate/views.db
  $ start
  $ cp ../seen .coldgate/agents/builder/seen
  $ builder-agent hold proxy
  builder-agent: ledger-shorter: builder has seen entry [56], signed by this broker, and this ledger is shorter: it is not the newest one (re)
    at: hello
    next: an operator restores the newest ledger, or says what is lost: broker restore --accept-loss WHY --seen FILE, with your `seen`
  [3]
  $ broker alerts
  .*builder has seen entry.* (re)
  $ stop
  $ rm .coldgate/agents/builder/seen
  $ broker restore --accept-loss 'restored by hand' --seen ../seen 2>&1 | grep -c 'ENTRIES ARE LOST'
  1
  $ cp ../seen .coldgate/agents/builder/seen
  $ start
  $ builder-agent hold proxy 2>&1 | grep -o 'THE LEDGER WAS RESTORED FROM A BACKUP'
  THE LEDGER WAS RESTORED FROM A BACKUP
  $ broker verify >/dev/null
  $ stop

Two views: one agent is shown a past, another one a longer other past of the same ledger. The first finds it when it comes, whichever of them it is shown.

  $ mkdir ../views && cd ../views && git init -q -b main . && broker init >/dev/null && broker backup ../early.db >/dev/null
  $ start
  $ builder-agent hold proxy >/dev/null
  $ stop
  $ cp .coldgate/agents/builder/seen ../seen
  $ rm -r .coldgate/agents .coldgate/docs; mkdir -p .coldgate/agents/builder .coldgate/docs
  $ cp ../early.db .coldgate/ledger.db; rm -f .coldgate/ledger.db-wal .coldgate/ledger.db-shm .coldgate/views.db
  $ start
  $ broker keygen bob >/dev/null && broker admit bob builder .coldgate/keys/bob.pub >/dev/null
  $ for name in a b c; do builder-agent hold $name --key .coldgate/keys/bob >/dev/null; done; broker verify | head -n 1
  ledger holds: * (glob)
  $ cp ../seen .coldgate/agents/builder/seen
  $ builder-agent hold proxy 2>&1 | head -n 1
  builder-agent: ledger-forked: builder has seen entry [56], signed by this broker, and this ledger has another: it is not the newest one (re)
  $ broker alerts | grep -c 'builder has seen entry'
  1
  $ stop; cd ../shop

An empty place takes a backup too; without the keys it only says what there is.

  $ mkdir ../elsewhere && cd ../elsewhere && broker restore ../new.db
  restored: 6 entries, 0 evidence, head [0-9a-f]{64} (re)
    a project was made, with the broker's key that the backup names; see that it is the right one
    next: put the keys into */elsewhere/.coldgate/keys (glob)
    next: broker run
  $ broker verify | head -n 1
  ledger holds: 6 entries, 0 evidence, head [0-9a-f]{64} (re)
  $ cp ../shop/.coldgate/keys/broker .coldgate/keys/ && start && stop
  $ broker restore
  broker: argument-missing: no backup is named
    next: broker restore BACKUP; without one only --accept-loss WHY says something of the ledger that is there
  [2]

Evidence that nobody needs: here there is none, and nothing is removed while a broker runs.

  $ cd ../shop && broker gc --dry-run
  would remove 0 evidence, 0 bytes; would keep 0, 0 bytes
  $ broker gc --json
  {"version":1,"gc":{"dry":false,"removed":0,"bytes":0,"unnamed":0,"kept":0,"kept_bytes":0,"file_before":*,"file_after":*}} (glob)
  $ start
  $ broker gc 2>&1 | head -n 1
  broker: ledger-locked: a broker has it open: process * (glob)
  $ stop
