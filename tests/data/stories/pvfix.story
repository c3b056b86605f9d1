# What REVIEW-pvfix tells: orientation, probes before the claims, M1 PASS, M2 PASS with a finding.

2026-06-13T05:20Z olga plan as plan
  file pvfix.plan.md

2026-06-13T05:30Z ada probe as orientation
  phase pvfix
  title Phase context, initial orientation
  body Cold check of live host and current repo:
    | - docker network inspect proxy: Subnet 10.0.1.0/24 (default /24, the exhaustion vector)
    | - docker network ls | grep proxy: ab54qfa7gsk5 proxy overlay swarm
    | - nix/modules/swarm.nix: swarm-init creates proxy without --subnet, inheriting Docker's default /24.
    | - Builder has not started pvfix work yet.
    | The fix is needed. Watching for Builder M1 claim (patch + procedure + live inspection proof).

2026-06-13T05:31Z ada probe as collision
  phase pvfix
  gate M1
  title Break-it probe: live host subnet collision check
  body Existing subnets on host:
    | - ingress: 10.0.0.0/24
    | - proxy (current): 10.0.1.0/24
    | - docker0: 172.17.0.0/16
    | - docker_gwbridge: 172.18.0.0/16
    | - Host IP: 91.98.47.73 (public), 100.95.31.88 (tailscale), gateway 172.31.1.1
    | 10.10.0.0/16 (proposed): does NOT collide with any existing subnet. Safe.
    | Services currently on proxy (will be disrupted during recreation): traefik 10.0.1.9, ccci-reports 10.0.1.7,
    | drone 10.0.1.12, ccci-bridge 10.0.1.248, ccci-dashboard 10.0.1.249, warm-keycloak 10.0.1.251
    | Stacks currently running (all will briefly lose routing): backups, ccci-bridge, ccci-dashboard, ccci-reports, drone, traefik, warm-keycloak
    | Maintenance window status: CLEAR. No active recipe test stacks (*-pr*), no cfold sweep, no /upgrade-all visible.
    | Key risk to probe when M2 is claimed: all 6 services above rejoin with healthy VIP allocations and routes are reachable end-to-end.

2026-06-13T05:31Z bob note
  phase pvfix
  to journal
  gate M1
  text A /16 instead of a /20: the table of VIPs is the same price, and nobody has to count again.

2026-06-13T05:32Z bob claim as m1
  phase pvfix
  gates M1
  repository https://git.example.net/cc-ci.git
  commit e6349a9
  mode cold
  what proxy /16 patch + maintenance plan ready
    | nix/modules/swarm.nix patched with --subnet 10.10.0.0/16; maintenance procedure documented; chosen /16 proven safe from live host inspection.
  how docker network inspect $(docker network ls -q)
  expected 10.10.0.0/16 collides with no network of the host
  where nix/modules/swarm.nix line 47, STATUS-pvfix.md for the procedure
  claimed_evidence Subnets seen: 10.0.0.0/24 10.0.1.0/24 10.0.2.0/24 10.0.3.0/24 10.0.4.0/24 172.17.0.0/16 172.18.0.0/16
  why The default /24 has 254 addresses, and every stack that is removed may leak some of them.

2026-06-13T05:32Z ada takes

2026-06-13T05:33Z ada answer
  phase pvfix
  gate M1
  check procedure
  commit e6349a9
  holds 1
  text Service names confirmed correct against live host: deploy-proxy, deploy-drone, deploy-bridge, deploy-dashboard, deploy-reports, warm-keycloak all exist as active oneshot services.
    | backups stack correctly excluded: backups_ci_commoninternet_net_default (10.0.4.0/24) is NOT on proxy.
    | Step sequencing is safe: stack rm, drain wait, network rm, nixos-rebuild (triggers swarm-init with new --subnet), restart deploy services.
    | nixos-rebuild will restart swarm-init: its unit script changed.

2026-06-13T05:33Z ada verdict as v1
  claim $m1
  gate M1
  decision PASS
  summary Safe to execute the maintenance procedure.
  check patch pass 120ms
    $ grep -n -e --subnet nix/modules/swarm.nix
    | 47: docker network create --driver overlay --attachable --subnet 10.10.0.0/16 proxy
    = Correct; the `if ! docker network inspect proxy` guard ensures idempotent create
  check subnet-safety pass 900ms
    $ docker network inspect $(docker network ls -q) --format "{{.Name}}: {{range .IPAM.Config}}{{.Subnet}}{{end}}"
    | backups_ci_commoninternet_net_default: 10.0.4.0/24
    | bridge: 172.17.0.0/16
    | docker_gwbridge: 172.18.0.0/16
    | host: (none)
    | ingress: 10.0.0.0/24
    | none: (none)
    | proxy: 10.0.1.0/24
    | traefik_ci_commoninternet_net_internal: 10.0.2.0/24
    | warm-keycloak_ci_commoninternet_net_internal: 10.0.3.0/24
    = Builder's table matches exactly; 10.10.0.0/16 is clear of all existing networks
  check procedure pass 0s
    = answered
  notes
    | non-blocking recommendation: an explicit `systemctl restart swarm-init` after nixos-rebuild as belt-and-braces insurance

2026-06-13T05:38Z bob note
  phase pvfix
  to journal
  text Window opened. Stacks removed, proxy removed, rebuilt; created=2026-06-13 05:38:02.

2026-06-13T05:45Z ada probe as before-m2
  phase pvfix
  gate M2
  title Pre-verification probe, before M2 was claimed
  body Builder has executed the maintenance; M2 has not been formally claimed yet. Independent host check run while waiting:
    | - docker network inspect proxy: Subnet 10.10.0.0/16
    | - VIPs: traefik=10.10.0.2, proxy-endpoint=10.10.0.3, drone=10.10.0.5, warm-keycloak=10.10.0.7, ccci-bridge=10.10.0.9, ccci-dashboard=10.10.0.11, ccci-reports=10.10.0.13
    | - docker service ls: all 9 services at 1/1 REPLICAS
    | - systemctl cat swarm-init: active script has --subnet 10.10.0.0/16 (nixos-rebuild applied)
    | - https://ci.commoninternet.net HTTP/2 200, drone HTTP/2 303 (login redirect = healthy), bridge HTTP/2 404 (root path = expected), report HTTP/2 200

2026-06-13T05:47Z bob claim as m2
  phase pvfix
  gates M2
  repository https://git.example.net/cc-ci.git
  commit 71319d7
  mode cold
  what proxy recreated as 10.10.0.0/16; nixos-rebuild applied; all services healthy; routes up.
  how docker network inspect proxy; docker service ls
  expected 10.10.0.0/16, 9 services at 1/1, 200 and 303
  where cc-ci

2026-06-13T05:47Z ada takes

2026-06-13T05:49Z ada verdict as v2
  claim $m2
  gate M2
  decision PASS
  summary Proxy VIP exhaustion fix is live and durable.
  check proxy-subnet pass 210ms red
    $ ssh cc-ci 'docker network inspect proxy --format "{{range .IPAM.Config}}{{.Subnet}}{{end}} created={{.Created}}"'
    | 10.10.0.0/16 created=2026-06-13 05:38:02.125154677 +0000 UTC
    = Network recreated at 05:38:02 UTC
  check services pass 340ms
    $ docker service ls --format '{{.Name}} {{.Replicas}}'
    | backups_ci_commoninternet_net_app 1/1
    | ccci-bridge_app 1/1
    | ccci-dashboard_app 1/1
    | ccci-reports_app 1/1
    | drone_ci_commoninternet_net_app 1/1
    | traefik_ci_commoninternet_net_app 1/1
    | traefik_ci_commoninternet_net_socket-proxy 1/1
    | warm-keycloak_ci_commoninternet_net_app 1/1
    | warm-keycloak_ci_commoninternet_net_db 1/1
    = All 9 services at 1/1
  check swarm-init pass 80ms
    $ systemctl status swarm-init --no-pager | grep Active
    | Active: active (exited) since Sat 2026-06-13 05:38:17 UTC; 9min ago
    = Activated 05:38:17 UTC, matches proxy creation timestamp
  check route-ci pass 95ms
    $ curl -sI https://ci.commoninternet.net/
    | HTTP/2 200
  check route-drone pass 88ms
    $ curl -sI https://drone.ci.commoninternet.net/
    | HTTP/2 303
  check script pass 60ms
    $ systemctl cat swarm-init
    | /nix/store/…/swarm-init-start: docker network create --driver overlay --attachable --subnet 10.10.0.0/16 proxy
    = nixos-rebuild confirmed applied

2026-06-13T05:50Z ada finding as a1
  phase pvfix
  gate M2
  severity major
  blocks nothing
  title A1: deploy-proxy health gate is circular with deploy-dashboard, deadlock on fresh boot
  body deploy-proxy health gate (ci.commoninternet.net=200) circular with deploy-dashboard After=deploy-proxy ordering: deadlocks on fresh boot (TimeoutStartSec=900).
    | Pre-existing; pvfix exposed it. Not introduced by pvfix.
  required_fix Needs fix before D8 pass.
  verdict $v2
  commit 71319d7
