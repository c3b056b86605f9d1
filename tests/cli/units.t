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
  $ grep -LE '^(ProtectSystem=strict|UMask=0077)' units/*
  $ grep -c '^\(NoNewPrivileges=yes\|CapabilityBoundingSet=\|SystemCallFilter=@system-service\|WatchdogSec=.*\|Type=notify\)$' units/coldgate-broker@.service
  5

That it would: a key that is not one is named.

  $ if command -v systemd-analyze >/dev/null; then
  >   sed 's/^ProtectClock=/ProtectClocks=/' units/coldgate-inbox@.service >units/coldgate-wrong@.service
  >   systemd-analyze verify units/coldgate-wrong@tmp.service 2>&1 | grep -c "Unknown key.*ProtectClocks"
  > else echo 1; fi
  1
