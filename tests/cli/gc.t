Evidence of a phase that is DONE is removed; the ledger holds without it, and says what is missing.

  $ wait_for() { timeout 30 sh -c 'until "$@" >/dev/null 2>&1; do sleep 0.05; done' - "$@"; }
  $ start() { : >run.log; broker run >run.log 2>&1 & broker=$!; wait_for grep -qs ready run.log; }
  $ git init -q -b main shop && cd shop && broker init >/dev/null
  $ cat >plan.md <<'EOF'
  > # Shop
  > 
  > ```yaml phase
  > version: 1
  > phase: shop
  > ```
  > 
  > ```yaml gate
  > gate: GREETS
  > checks:
  >   - id: greeting
  >     run: cat greeting
  >     expect: { stdout: { contains: hello } }
  > ```
  > EOF
  $ echo hello >greeting && git add -A && git commit -qm greeting && broker plan approve plan.md >/dev/null
  $ start
  $ adversary-agent run >adversary.log 2>&1 & adversary=$!
  $ wait_for grep -qs ready adversary.log
  $ echo 'plan.md
  > *.log' >.git/info/exclude
  $ builder-agent claim GREETS --wait 2>/dev/null | tail -n 1
  GREETS: PASS  V-*, cold, *, 1 check held (glob)

Nothing is removed while a broker runs, nor before the phase is DONE.

  $ broker gc --older-than 1ms
  broker: ledger-locked: a broker has it open: process * (glob)
    at: */ledger.db (glob)
    next: stop it (kill *, or by its service manager), then broker gc (gc --dry-run looks beside a running one), then broker run: agents wait meanwhile (glob)
  [3]
  $ kill $adversary; kill $broker; wait $broker
  $ broker gc --older-than 1ms --dry-run
  would remove 0 evidence, 0 bytes; would keep 1, [0-9]+ bytes (re)
  $ start
  $ builder-agent done --wait 2>/dev/null | tail -n 1
  D-*: shop is DONE at * (glob)
  $ kill $broker; wait $broker
  $ broker gc --older-than 90d
  removed 0 evidence, 0 bytes; kept 1, [0-9]+ bytes (re)

A smaller file that does not verify takes nobody's place, and that is not carried out.

  $ cp -r ../shop ../hurt && cd ../hurt
  $ digest=$(head -c 500000 /dev/zero | sha256sum | cut -d' ' -f1)
  $ update=$(sqlite3 .coldgate/ledger.db "SELECT sql FROM sqlite_master WHERE name = 'evidence_update'")
  $ sqlite3 .coldgate/ledger.db "DROP TRIGGER evidence_update;
  > UPDATE evidence SET bytes = CAST('X' || substr(bytes, 2) AS BLOB); $update;
  > INSERT INTO evidence(number, digest, size, encoding, bytes) VALUES (2, x'$digest', 500000, 'raw', zeroblob(500000))"
  $ broker gc --older-than 90d --json 2>/dev/null
  {"version":1,"gc":{"dry":false,"removed":1,*"file_before":*,"file_after":*,"file_kept":"evidence-digest"}} (glob)
  [3]
  $ broker gc --older-than 90d 2>/dev/null
  removed 0 evidence, 0 bytes; kept 1, [0-9]+ bytes (re)
    the file did not become smaller: the evidence of check greeting: its digest is not that of its bytes
      next: broker show 8; trust nothing from this entry on
  [3]
  $ ls .coldgate | grep -c new
  0
  [1]
  $ cd ../shop

Then it is, once; an entry says so.

  $ broker gc --older-than 1ms
  broker: warning: */REVIEW-shop.md is not what the ledger gives: written anew (glob)
  removed 1 evidence, [0-9]+ bytes; kept 0, 0 bytes (re)
    entry 11 says so
    its room is used again; the file becomes smaller once a quarter of it is free
  $ broker verify | head -n 1
  ledger holds: 11 entries, 0 evidence, head [0-9a-f]{64} (re)
  $ broker log --kind collected | wc -l
  1
  $ broker gc --older-than 1ms
  removed 0 evidence, 0 bytes; kept 0, 0 bytes
  $ start && builder-agent note "after it" >/dev/null && kill $broker && wait $broker
  $ broker verify | head -n 1 | cut -d, -f1
  ledger holds: 12 entries
