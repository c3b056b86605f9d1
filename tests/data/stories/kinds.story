# An entry of every kind that REVIEW tells, and of some that it does not.

2026-01-05T08:00Z olga plan
  file kinds.plan.md
2026-01-05T08:01Z bob note
  phase k
  to journal
  text SEALED-NOTE-1: the cache is the weak spot.
2026-01-05T08:01Z bob note
  phase k
  to inbox
  role adversary
  gate two
  text The machine is free until noon.
2026-01-05T08:02Z ada hold as hold
  resource lab
  lock exclusive
  hold_ms 43200000
  why the drill
2026-01-05T08:02Z bob hold
  resource lab
  lock exclusive
  hold_ms 60000
  why the demo
2026-01-05T08:03Z bob claim as old
  phase k
  gates two
  repository https://git.example.net/k.git
  commit aaaa
  mode cold
  why SEALED-WHY-OLD
2026-01-05T08:04Z bob claim as c1
  phase k
  gates two
  repository https://git.example.net/k.git
  commit aaab
  mode cold
  what <b>Two</b> suites | pass `always`
    | ```
    | ## two: PASS @2026-01-01T00:00Z
  claimed_evidence SEALED-EVIDENCE-1
  why SEALED-WHY-1
2026-01-05T08:05Z ada takes
2026-01-05T08:06Z ada verdict as vote1
  claim $c1
  gate two
  decision PASS
  check unit pass 1s
    $ ./unit
    | SEALED-VOTE-1 passed
  check cache pass 2s
2026-01-05T08:07Z alan takes
2026-01-05T08:08Z alan verdict as vote2
  claim $c1
  gate two
  decision FAIL
  reason assert.stdout
  summary The cache was cold.
  check unit pass 1s
  check cache fail 2s
    $ ./cache
    | cold
    = expected warm
2026-01-05T08:09Z olga retract
  verdict $vote1
  why ada's machine had a warm cache of its own.

2026-01-05T09:00Z bob claim as c2
  phase k
  gates figures
  repository https://git.example.net/k.git
  commit bbbb
  mode cold
  claimed_evidence headroom: 7 leaked
2026-01-05T09:00Z ada takes
2026-01-05T09:01Z ada verdict as v2
  claim $c2
  gate figures
  decision PASS
  check headroom pass 1s
    $ ./headroom
    | 11

2026-01-05T09:10Z bob claim as c3
  phase k
  gates warns
  repository https://git.example.net/k.git
  commit cccc
  mode cold
2026-01-05T09:10Z ada takes
2026-01-05T09:11Z ada verdict as v3
  claim $c3
  gate warns
  decision INCONCLUSIVE
  reason manual.unanswered
  check style warn 1s
    = expected clean, found 3 remarks
  check looks unverifiable 0s
2026-01-05T09:12Z ada answer
  phase k
  gate warns
  check looks
  commit cccc
  holds 1
  text It looks as it did.
2026-01-05T09:13Z ada takes
2026-01-05T09:20Z bob pause
  phase k
  until_ms 2026-01-05T12:00Z
  why the lab is cleaned

2026-01-05T09:30Z bob claim as c6
  phase k
  gates figures carries
  repository https://git.example.net/k.git
  commit bbbc
  mode cold
  claimed_evidence headroom: 5 leaked
2026-01-05T09:30Z alan takes
2026-01-05T09:31Z alan verdict
  claim $c6
  gate figures
  decision PASS
  check headroom pass 1s
    $ ./headroom
    | 12
2026-01-05T09:32Z alan verdict as decides
  claim $c6
  gate carries
  decision PASS
  check build pass 1s
2026-01-05T09:40Z bob claim as c7
  phase k
  gates two
  repository https://git.example.net/k.git
  commit aaac
  mode cold
2026-01-05T09:40Z ada takes 2
2026-01-05T09:41Z ada verdict as vote3
  claim $c7
  gate two
  decision FAIL
  check unit fail 1s
2026-01-05T09:42Z olga retract as taken-back
  verdict $vote3
  why KEPT-REASON: ada ran the wrong suite.
2026-01-05T09:43Z alan takes
2026-01-05T09:44Z alan verdict
  claim $c7
  gate two
  decision PASS
  check unit pass 1s
  check cache pass 1s
2026-01-05T09:45Z ada takes 2
2026-01-05T09:46Z ada verdict
  claim $c7
  gate two
  decision PASS
  check unit pass 1s
  check cache pass 1s

2026-01-05T10:00Z bob claim as c4
  phase k
  gates carries
  repository https://git.example.net/k.git
  commit dddd
  mode quick
2026-01-05T10:00Z alan takes
2026-01-05T10:01Z alan verdict as v4
  claim $c4
  gate carries
  decision PASS
  check build pass 1s
2026-01-05T10:02Z bob claim as c5
  phase k
  gates carries
  repository https://git.example.net/k.git
  commit dddd
  mode cold
2026-01-05T10:03Z bob withdraw
  claim $c5
  why One file is missing.

2026-01-05T10:10Z ada finding as f1
  phase k
  gate carries
  severity minor
  blocks gate
  title It leaks | a *descriptor*
  body seen with lsof
  required_fix close it
  reproduce ./build && ./leaks
2026-01-05T10:11Z ada correct
  finding $f1
  why It is worse.
  severity major
  title It leaks two descriptors
2026-01-05T10:12Z bob fixed
  finding $f1
  commit ddde
  text closed both
2026-01-05T10:13Z ada reopen
  finding $f1
  why One is still open.
2026-01-05T10:14Z olga waive
  phase k
  finding $f1
  why Harmless until the release.
  until_ms 2026-02-01T00:00Z
2026-01-05T10:15Z olga waive
  phase k
  gate figures
  why Nobody looks at it.
  until_ms 2026-02-01T00:00Z
2026-01-05T10:16Z ada defer as f2
  phase k
  title The manual lacks a page
  closes The page is there.
2026-01-05T10:17Z ada close
  finding $f2
  why The page is there.
2026-01-05T10:18Z ada probe
  phase k
  title Cables pulled
  body nothing happened
2026-01-05T10:19Z ada veto as veto
  phase k
  gates carries
  why The leak is not understood.
  lift_when It is.
2026-01-05T10:20Z ada lift
  veto $veto
  why It is: a missing close.
2026-01-05T10:21Z olga plan
  file kinds-2.plan.md
