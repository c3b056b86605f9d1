A key is made where it lives, also before there is a project; only its public line is printed.
  $ builder-agent keygen ada --out key
  key
  coldgate-ed25519-curve [A-Za-z0-9+/]{86}== ada (re)
    id: [0-9a-f]{16} (re)
    next, as the operator: broker admit ada builder key.pub
  $ stat -c %a key
  600
  $ builder-agent keygen ada --out key
  builder-agent: key-exists: a key is never overwritten
    at: key
    next: choose another name, or move the old key away
  [2]
  $ builder-agent keygen ../ada --out other
  builder-agent: argument-value: `../ada` cannot be an agent's name
    next: letters, digits, `.`, `_`, `-`, `@`; up to 64; begin with a letter or digit
  [2]
  $ builder-agent keygen ada
  builder-agent: project-missing: there is no .coldgate here or above
    at: the current directory
    next: broker init, or name the project with --dir or COLDGATE_DIR
  [2]
  $ builder-agent keygen bob --out bob --json
  \{"version":1,"key":\{"name":"bob","path":"bob","public":"coldgate-ed25519-curve [A-Za-z0-9+/]{86}== bob","id":"[0-9a-f]{16}"\}\} (re)
