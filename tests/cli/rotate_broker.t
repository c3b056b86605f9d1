The broker's own key is replaced: who knew the old one believes the new one because the old one said so, and from then on nothing else.

  $ wait_for() { timeout 20 sh -c 'until "$@" >/dev/null 2>&1; do sleep 0.05; done' - "$@"; }
  $ start() { : >run.log; broker run >run.log 2>&1 & broker=$!; wait_for grep -qs ready run.log; }
  $ stop() { kill $broker; wait $broker; }
  $ git init -q -b main shop && cd shop && broker init >/dev/null
  $ start
  $ builder-agent hold proxy | grep -o 'you have proxy'
  you have proxy
  $ broker rotate-key
  broker: ledger-locked: a broker has it open: process * (glob)
    at: */ledger.db (glob)
    next: stop it (kill *, or by its service manager), then broker rotate-key, then broker run: agents wait meanwhile (glob)
  [3]
  $ stop
  $ broker backup ../before.db | head -n 1
  backup holds: 6 entries, 0 evidence, head [0-9a-f]{64} (re)
  $ mkdir ../away && cp -r .coldgate ../away && cp -r .coldgate ../stolen
  $ broker rotate-key
  the broker's key is [0-9a-f]{16}: entry 7 says so (re)
    the former one is kept as keys/broker.old-N, for backups of its time
    next: keep a copy of keys/broker; broker backup; broker run
  $ grep -c -F "$(cut -d ' ' -f 2 .coldgate/keys/broker.pub)" .coldgate/config
  1
  $ stat -c '%a %n' .coldgate/keys/broker*
  600 .coldgate/keys/broker
  600 .coldgate/keys/broker.old-1
  644 .coldgate/keys/broker.pub
  $ broker verify | head -n 1
  ledger holds: 7 entries, 0 evidence, head [0-9a-f]{64} (re)
  $ broker verify --checkpoint ../away/.coldgate/docs/CHECKPOINT | head -n 1
  ledger holds: 7 entries, 0 evidence, head [0-9a-f]{64} (re)
  $ cd .coldgate/docs && ssh-keygen -Y verify -f allowed_signers -I broker -n checkpoint@coldgate -s CHECKPOINT.sig < CHECKPOINT | cut -d ' ' -f 1; cd ../..
  Good

An agent that knew the old key says it, once, and goes on.

  $ start
  $ builder-agent hold database 2>&1 | grep -o 'THE BROKER HAS ANOTHER KEY\|you have database'
  THE BROKER HAS ANOTHER KEY
  you have database
  $ builder-agent release database 2>&1 | grep -c KEY
  0
  [1]
  $ stop

A copy of the agent elsewhere was away for two of them; its config follows too.

  $ broker rotate-key --json
  \{"version":1,"rotated":\{"entry":1[0-9],"key":"[0-9a-f]{16}"\}\} (re)
  $ start
  $ echo "endpoint = ipc://$PWD/.coldgate/run/broker.ipc" >>../away/.coldgate/config
  $ builder-agent hold cache --dir ../away 2>&1 | grep -o 'THE BROKER HAS ANOTHER KEY\|you have cache'
  THE BROKER HAS ANOTHER KEY
  you have cache
  $ grep -c -F "$(cut -d ' ' -f 2 .coldgate/keys/broker.pub)" ../away/.coldgate/config
  1
  $ stop

Who has stolen the old key and the ledger of its time is believed by nobody who has seen the new one.

  $ mkdir ../thief && mv ../stolen ../thief/.coldgate && cd ../thief && rm -r .coldgate/agents/builder && start
  $ cp -r ../shop/.coldgate/agents/builder .coldgate/agents/
  $ builder-agent hold mine 2>&1 | head -n 1
  builder-agent: broker-key-differs: * (glob)
  $ stop && cd ../shop

Cut off behind each step, the next command goes on by what the ledger says.

  $ cp .coldgate/keys/broker was && cp .coldgate/config config.was
  $ broker rotate-key >/dev/null
  $ mv .coldgate/keys/broker .coldgate/keys/broker.next && cp was .coldgate/keys/broker && cp config.was .coldgate/config && rm .coldgate/keys/broker.old-3
  $ broker verify | head -n 1
  ledger holds: * (glob)
  $ start
  $ grep -o "the broker's key was being replaced" run.log
  the broker's key was being replaced
  $ builder-agent hold disk 2>&1 | grep -o 'THE BROKER HAS ANOTHER KEY\|you have disk'
  THE BROKER HAS ANOTHER KEY
  you have disk
  $ stop
  $ ls .coldgate/keys | grep broker
  broker
  broker.old-1
  broker.old-2
  broker.old-3
  broker.pub
  $ cp config.was .coldgate/config && broker rotate-key >/dev/null && broker log --kind rotated | wc -l
  3
  $ mv .coldgate/keys/broker ../mine && cp was .coldgate/keys/broker
  $ broker run 2>&1 | head -n 1
  broker: key-other: keys/broker is not the key of the ledger and config
  $ mv ../mine .coldgate/keys/broker

A backup from before all of them is gone back to by the newest key; each step is said again.

  $ broker restore ../before.db 2>&1 | grep -o 'ledger-loses'
  ledger-loses
  $ broker restore ../before.db --accept-loss 'the disk died' | sed -n 2p
    ENTRIES ARE LOST: 7 to *; entry 10 says so, and every agent will (glob)
  $ broker log --kind rotated | wc -l
  3
  $ start
  $ builder-agent hold proxy 2>&1 | grep -o 'THE LEDGER WAS RESTORED FROM A BACKUP'
  THE LEDGER WAS RESTORED FROM A BACKUP
  $ builder-agent hold proxy --dir ../away 2>&1 | grep -o 'THE BROKER HAS ANOTHER KEY\|THE LEDGER WAS RESTORED FROM A BACKUP'
  THE LEDGER WAS RESTORED FROM A BACKUP
  THE BROKER HAS ANOTHER KEY
  $ stop
  $ broker verify | head -n 1
  ledger holds: * (glob)
