A key is replaced: the old one says nothing from that entry on, and what the agent had goes on.

  $ wait_for() { timeout 20 sh -c 'until "$@" >/dev/null 2>&1; do sleep 0.05; done' - "$@"; }
  $ git init -q -b main shop && cd shop && broker init >/dev/null
  $ broker run >run.log 2>&1 & broker=$!
  $ wait_for grep -qs ready run.log
  $ builder-agent hold proxy --for 10m | grep -o 'you have proxy'
  you have proxy
  $ builder-agent keygen builder --rotate | tail -n 2
    next, as the operator: broker admit builder builder */keys/builder.next.pub --replace (glob)
    then here: put it, and its .pub, in the place of builder's
  $ broker admit builder builder .coldgate/keys/builder.next.pub
  broker: admit-name-taken: "builder" is taken
    at: admit.name
    next: * (glob)
  [2]
  $ broker admit builder adversary .coldgate/keys/builder.next.pub --replace
  broker: admit-replaces: there is no adversary "builder" whose key could be replaced
    at: admit.name
    next: * (glob)
  [2]
  $ broker admit builder builder .coldgate/keys/builder.next.pub --replace
  admitted builder as builder: entry *, key * (glob)

The old key is out of use at once; the new one has what the agent had.

  $ builder-agent hold database 2>&1 | head -n 1
  builder-agent: key-* (glob)
  $ for suffix in '' .pub; do cp .coldgate/keys/builder$suffix old$suffix; mv .coldgate/keys/builder.next$suffix .coldgate/keys/builder$suffix; done
  $ builder-agent hold database | grep -o 'you have database'
  you have database
  $ broker status | grep -c 'held by builder'
  2
  $ broker admit second builder old.pub
  broker: admit-key-known: it was replaced by another one before
    at: admit.key
    next: * (glob)
  [2]

An operator's too, and the ledger holds with the keys as they were at each entry.

  $ broker keygen operator --rotate >/dev/null
  $ broker admit operator operator .coldgate/keys/operator.next.pub --replace >/dev/null
  $ broker admit third observer old.pub 2>&1 | grep -o '^broker: key-[a-z]*'
  broker: key-* (glob)
  $ for suffix in '' .pub; do mv .coldgate/keys/operator.next$suffix .coldgate/keys/operator$suffix; done
  $ broker keygen third | grep -c next
  1
  $ broker admit third observer .coldgate/keys/third.pub >/dev/null
  $ broker verify >/dev/null
  $ kill $broker; wait $broker
  $ broker verify >/dev/null
