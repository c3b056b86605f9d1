The ledger in the hands of a stranger: docs/ledger.md, sqlite3 and ssh-keygen, nothing of coldgate.

  $ broker init >/dev/null && cd .coldgate
  $ sed -n '/^```python/,/^```$/p' "$COLDGATE_SOURCE/docs/ledger.md" | grep -v '^```' >../verify.py
  $ cp docs/CHECKPOINT ../checkpoint; cp docs/CHECKPOINT.sig ../checkpoint.sig
  $ python3 ../verify.py ledger.db ../checkpoint
  4 entries hold, head [0-9a-f]{64} (re)
  $ (cd docs && ssh-keygen -Y verify -f allowed_signers -I broker -n checkpoint@coldgate -s CHECKPOINT.sig <CHECKPOINT)
  Good "checkpoint@coldgate" signature for broker with ED25519 key * (glob)
  $ sqlite3 -readonly ledger.db 'SELECT seq, kind, actor FROM v_log'
  1|genesis|broker
  2|admit|broker
  3|admit|broker
  4|admit|broker

What the file itself refuses.

  $ sqlite3 ledger.db "INSERT OR REPLACE INTO entry SELECT seq, received_ms, kind, phase, 'eve', message_id, frame, signature, prev, hash FROM entry WHERE seq = 2"
  .*entry: seq is not the next number.* (re)
  [19]
  $ sqlite3 ledger.db 'DELETE FROM entry' 2>&1 | grep -c 'never deleted'
  1
  $ broker verify >/dev/null

Without its triggers it can be changed, and the entry is named.

  $ cp ledger.db ../cut.db; cp ledger.db ../changed.db
  $ sqlite3 ../changed.db "DROP TRIGGER entry_update; UPDATE entry SET actor = 'brokes' WHERE seq = 3"
  $ python3 ../verify.py ../changed.db
  entry 3 does not hold: its hash is not that of its columns
  [1]
  $ cp ../changed.db ledger.db && rm -f ledger.db-wal ledger.db-shm && broker verify
  ledger does not hold
  entry-hash: its hash is not that of its columns
    at: entry 3
    next: broker show 3; trust nothing from this entry on
  [1]

Cut at its end, with its schema as it should be: only a checkpoint tells.

  $ sqlite3 ../cut.db "DROP TRIGGER entry_delete; DELETE FROM entry WHERE seq = 4"
  $ sqlite3 ../cut.db "CREATE TRIGGER entry_delete BEFORE DELETE ON entry BEGIN
  >   SELECT RAISE(ABORT, 'entry: an entry is never deleted');
  > END"
  $ python3 ../verify.py ../cut.db
  3 entries hold, head [0-9a-f]{64} (re)
  $ python3 ../verify.py ../cut.db ../checkpoint
  entry 4 does not hold: the broker signed another one
  [1]
  $ cp ../cut.db ledger.db && rm -f ledger.db-wal ledger.db-shm
  $ broker verify --checkpoint ../checkpoint
  ledger does not hold
  ledger-shorter: entries are missing at the end: ../checkpoint was signed for entry 4, the ledger ends with 3
    at: entry 4
    next: * (glob)
  [1]
  $ broker verify --json
  {"version":1,"verify":{"holds":false,"rule":"ledger-shorter","entry":4,"found":* (glob)
  [1]
  $ rm docs/CHECKPOINT && broker verify 2>&1 | tail -n +2
  its views do not hold
  views-differ: it goes on behind the ledger's end: the ledger was longer
    at: views.db
    next: broker views --anew makes them from the ledger as it is now
  $ rm views.db && broker verify
  ledger holds: 3 entries, 0 evidence, head [0-9a-f]{64} (re)

A checkpoint that was touched is none.

  $ sed -i 's/^4$/3/' ../checkpoint
  $ broker verify --checkpoint ../checkpoint
  broker: checkpoint-signature: the broker did not sign it
    at: ../checkpoint
    next: * (glob)
  [3]
  $ broker verify --checkpoint ../nothing
  broker: checkpoint-missing: the checkpoint cannot be read
    at: ../nothing
    next: * (glob)
  [3]
