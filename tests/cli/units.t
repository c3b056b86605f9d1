The units of the service manager, with the programs as they are built here.

  $ mkdir units && for unit in broker adversary inbox; do
  >   sed "s,@bindir@,$(dirname "$(command -v broker)"),g" "$COLDGATE_SOURCE/dist/systemd/coldgate-$unit@.service.in" >"units/coldgate-$unit@.service"
  > done
  $ sed -i -E '/^(User|Group)=/d' units/*

Whoever has systemd lets it say what it thinks of them; it must know every key.

  $ for unit in broker adversary inbox; do
  >   command -v systemd-analyze >/dev/null || break
  >   systemd-analyze verify "units/coldgate-$unit@tmp.service" 2>&1 | grep -E "^[^ ]*coldgate-$unit@"
  > done
  [1]
  $ grep -L '^ProtectSystem=strict$' units/*; grep -L '^UMask=0077$' units/*; grep -L '^NoNewPrivileges=yes$' units/*
  $ grep -c '^\(NoNewPrivileges=yes\|CapabilityBoundingSet=\|SystemCallFilter=@system-service\|WatchdogSec=.*\|Type=notify\)$' units/coldgate-broker@.service
  5

That it would: a key that is not one is named.

  $ if command -v systemd-analyze >/dev/null; then
  >   sed 's/^ProtectClock=/ProtectClocks=/' units/coldgate-inbox@.service >units/coldgate-wrong@.service
  >   systemd-analyze verify units/coldgate-wrong@tmp.service 2>&1 | grep -c "Unknown key.*ProtectClocks"
  > else echo 1; fi
  1

How much each still may, by systemd's own count of up to 100: no more than this, and the adversary, which makes namespaces, more than the broker.

  $ sed -i 's/^WorkingDirectory=.*/User=daemon/' units/*
  $ may() { systemd-analyze security --offline=true --threshold="$2" "units/coldgate-$1@.service" >/dev/null; }
  $ ! command -v systemd-analyze >/dev/null || { may broker 18 && may adversary 50 && ! may adversary 18; } && echo "no more"
  no more

Whatever hides a part of /proc takes the adversary's sandboxes theirs.

  $ grep -E '^(ProtectKernelLogs|ProtectHostname|ProtectKernelTunables|ProcSubset|PrivateUsers|RestrictNamespaces|InaccessiblePaths)=' units/coldgate-adversary@.service
  [1]
