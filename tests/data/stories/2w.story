# What REVIEW-2w tells: pings that were premature and here ping nobody, three gates in one claim with
# six checks and an error of the verifier's own, a PASS with a scope and an item that must close
# before DONE.

2026-05-28T09:00Z olga plan as plan
  file 2w.plan.md

2026-05-28T10:00Z ada note
  phase 2w
  to record
  text Phase 2w start (Adversary online). Phase 2w interjected by operator (2026-05-28); Phase 2 paused. No 2w gates CLAIMED yet.
    | COLD access re-verified: cc-ci-tailscaled active; ssh cc-ci: NixOS 24.11 (50ab793); wildcard *.ci.commoninternet.net: gateway 143.244.213.108. Verification path is live.
    | IDLE until the Builder claims a WC gate. Standing veto power retained.

2026-05-28T16:00Z ada note
  phase 2w
  to record
  gate WC1.1
  text Design update absorbed (unpin + health-gated rollback). ADVERSARY PROOF (mandatory, I must run it):
    | (a) force/simulate a BROKEN "latest": the warm app self-reverts to the prior healthy version, keycloak's pre-upgrade data intact, and an alert fired;
    | (b) a HEALTHY update commits the new version as last-good.

2026-05-29T00:10Z ada note
  phase 2w
  to record
  gate WC1.2
  text WC1.2 added (pre-deploy safety gate, runs BEFORE WC1.1). Simulate a major / manual-migration "latest": hold-on-current (no deploy attempted) + alert carrying the release notes.

2026-05-29T00:20Z ada probe as lasu
  phase 2w
  title Standing probe (WC8 carry): lasu-0a6fb2 teardown, CLEAN
  body The leftover phase-2 cold app lasu-0a6fb2 is fully gone: no app, no services, no volumes, no secrets.
    | Disk / at 63% (9.8G free / 28G), consistent with the Builder's claimed 96% to 62% reclaim.

# Commit text and notes that mention gates: nobody is asked to verify anything.
2026-05-29T00:30Z bob note
  phase 2w
  to record
  text 819c1bc: reconciler-side WC1/WC1.1/WC1.2 proven [C1]. claim(2w-WC1): CLAIMED, awaiting Adversary. Gate: WC1 PASS
2026-05-29T00:35Z - nobody-pinged adversary
2026-05-29T00:35Z - nobody-pinged ada

2026-05-29T00:40Z ada probe as premature1
  phase 2w
  gate WC1
  commit 819c1bc
  title No formal gate claim yet; read-only pre-review
  body W0.7 + W0.8 remain before claiming WC1/WC1.1/WC1.2, with a build finding (lasuite-docs in-place --chaos redeploy nginx "host not found in upstream ...backend:8000" race) blocking the WC1 dependent-green proof.
    | Live image keycloak/keycloak:26.6.2 + mariadb:12.2; last_good = 10.7.1+26.6.2, correctly NOT advanced to the simulated-broken 10.7.10.
    | is_major_bump is conservative: holds on a major bump of EITHER the recipe-semver or the app-version.
    | OPEN FLAG: /var/lib/ci-warm/alerts/ is currently EMPTY; I MUST confirm a *rollback*.json alert lands during my own cold reproduce.

2026-05-29T00:45Z bob claim refused commit-malformed
  phase 2w
  gates WC1
  repository https://git.example.net/cc-ci.git
  commit main

2026-05-29T00:50Z bob claim as wc1
  phase 2w
  gates WC1 WC1.1 WC1.2
  repository https://git.example.net/cc-ci.git
  commit 985686f
  mode cold
  what Warm keycloak unpinned, health-gated, with a safety gate before the deploy; WC1.1 for keycloak (stateful) only, traefik is W0.10
  how cc-ci-run runner/warm_reconcile.py keycloak with fake tags 10.7.9+26.6.2 (good) and 10.7.10+26.6.2 (broken KC_HOSTNAME)
  expected upgraded: then rolled-back:, marker realm survives, last_good unchanged at prior, a *rollback*.json alert
  where runner/warm_reconcile.py, nix/modules/warm-keycloak.nix
  why The W0.9 test alert was removed on purpose, to avoid a false alarm of the operator.

2026-05-29T00:50Z ada takes

2026-05-29T01:05Z ada probe as own-error
  phase 2w
  gate WC1.1
  commit 985686f
  title Test-script bug (MINE, not the reconciler)
  body My phase-D cleanup deleted the 10.7.9 tag while kc was still deployed on it, so abra couldn't resolve the from-version and left kc undeployed (404).
    | NOT a WC1.1 defect: the reconciler behaved correctly given the broken state I induced.
    | Recovery OK: warm kc restored to canonical: TYPE=10.7.1+26.6.2, last_good=10.7.1+26.6.2, health=200, realms=['master'], no fake tags.

2026-05-29T02:00Z ada verdict as v-wc1
  claim $wc1
  gate WC1
  decision PASS
  summary All re-run COLD from my own clone synced to cc-ci:/root/cc-ci-adv-verify (NOT the Builder's clone).
  check check1 pass 4s
    $ grep kcVersion nix/modules/warm-keycloak.nix; systemctl is-system-running; curl /realms/master
    | a comment ("the kcVersion pin is gone"), no pin
    | warm-keycloak.service=active, is-system-running=running, 0 failed units, health 200, TYPE=keycloak:10.7.1+26.6.2 (canonical)
    = unpinned + healthy + wired
  check check2 pass 9s
    $ cc-ci-run -m pytest tests/unit -q
    | 57 passed
    = units
  check check3 pass 22m
    $ RECIPE=lasuite-docs STAGES=install,custom
    | install pass (generic test_serving + overlay test_serving_and_frontend, generic-first)
    | custom pass (5 tests incl. test_oidc_login_via_keycloak + test_oidc_password_grant_against_dep_keycloak against the warm kc)
    | deploy-count = 1 (expect 1)
    | dep: deleted per-run realm lasuite-docs-c25d41
    = headline SSO e2e; warm kc realms = ['master'] only afterwards
  check check4 pass 40s
    $ reap_orphaned_realms(live={aaa111})
    | deleted exactly bbb222+ccc333 and KEPT aaa111; reaped 2
    = concurrency + reaping (deploy-free): 3 realms, each a valid 3-part JWT (len 1379)

2026-05-29T02:00Z ada verdict as v-wc11
  claim $wc1
  gate WC1.1
  decision PASS
  scope keycloak (stateful) only: exactly what the Builder claimed. traefik's stateless version-rollback (W0.10) is not covered.
  summary MARQUEE: health-gated rollback with data integrity
  check check5 pass 11m red
    $ cc-ci-run runner/warm_reconcile.py keycloak
    | upgraded:10.7.1+26.6.2->10.7.9+26.6.2, last_good advanced to 10.7.9, health=200, marker realm intact
    | rolled-back:10.7.10+26.6.2->10.7.9+26.6.2
    | 20260529T005510Z-keycloak-rollback.json attempted=10.7.10+26.6.2, last_good=10.7.9+26.6.2, recovered=True
    = marker realm INTACT (data preserved through the snapshot/restore round-trip), last_good NOT advanced, real persistent alert
  notes
    | The exit-1 in my run was a bug in MY cleanup script (deleted a tag abra still needed), NOT a reconciler defect; warm kc since recovered to canonical.
    | Nuance: my broken tag failed at abra LINT (R009), exercising the deploy-FAILURE branch, the path of 07ea951.

2026-05-29T02:00Z ada verdict as v-wc12
  claim $wc1
  gate WC1.2
  decision PASS
  check check6 pass 3m
    $ ./adversary/holds
    | held-major:10.7.1+26.6.2->11.0.0+27.0.0, kc TYPE unchanged, alert *-held-major.json with latest+release_notes
    | held-manual-migration: minor 10.7.2+26.6.3, kc TYPE unchanged, alert carries the notes
    = No deploy/snapshot/last_good churn on either hold; short-circuits before WC1.1

2026-05-29T02:00Z ada defer as traefik
  phase 2w
  gate WC1.1
  title traefik WC1.1 (W0.10): version-rollback not yet on the shared health-gated reconciler
  closes A cold proof of traefik's health-gated version-rollback, before the DONE handshake.

# Once more words that look like a claim.
2026-05-29T08:00Z bob note
  phase 2w
  to record
  text b6ef83a: W1.1 registry module DONE, WC2/WC3 next [C2 C3]; 563156a: WC2/WC3 wording
2026-05-29T08:05Z - nobody-pinged adversary
2026-05-29T08:05Z - nobody-pinged ada

2026-05-29T08:10Z ada probe as premature2
  phase 2w
  gate WC2
  title No formal WC2/WC3 claim yet (premature); read-only glance
  body canonical.py is a sound registry primitive: seed_canonical honors snapshot-while-undeployed; has_canonical requires both a registry record AND retained volume.
    | W1.2 (the LIVE data-warm proof) is next: WC2/WC3 are NOT yet claimable. Idle until then.

2026-05-29T12:00Z bob claim as wc23
  phase 2w
  gates WC2 WC3
  repository https://git.example.net/cc-ci.git
  commit 4ce80f8
  mode cold
  what Data-warm canonical and snapshots; custom-html parked as first canonical
  where runner/harness/canonical.py, /var/lib/ci-warm

2026-05-29T12:00Z ada takes

2026-05-29T12:30Z ada verdict as v-wc2
  claim $wc23
  gate WC2
  decision PASS
  summary My own data-warm round-trip
  check units pass 10s
    $ cc-ci-run -m pytest tests/unit -q
    | 61 passed
    = incl. test_canonical, test_warmsnap
  check round-trip pass 6m
    $ ./adversary/warm-round-trip custom-html
    | recipe=custom-html, domain=warm-custom-html.ci.commoninternet.net, version=1.11.0+1.29.0, commit=wc2proof, status=idle
    | ADV-OWN-MARKER-a1b2c3: app down + volume retained, registry idle, redeployed, marker SURVIVED
    = HTTPS serving confirmed (/=200, /index.html=200)
  notes
    | An earlier one-off 404 was a curl-vs-deploy-converge race, 200 once settled, not a defect.
    | Two crashes during my runs were bugs in my OWN driver scripts, NOT product defects.

2026-05-29T12:31Z ada verdict as v-wc3
  claim $wc23
  gate WC3
  decision PASS
  check restore pass 5m
    $ warmsnap.restore
    | known-good marker BACK with exact content WC2-DATA-MARKER-7f3a9c AND my mutation gone
    = raw per-volume tar taken while undeployed; restore round-trips the EXACT known-good

2026-05-29T12:40Z bob done refused done-not-yet
  phase 2w
  commit 4ce80f8
