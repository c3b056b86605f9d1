The example hook that types an event into a tmux pane. A fake tmux shows what it is told.

  $ mkdir bin && printf '#!/bin/sh\nprintf "<%%s>" "$@"; echo\n' >bin/tmux && chmod +x bin/tmux
  $ PATH=$PWD/bin:$PATH
  $ hook=$COLDGATE_SOURCE/examples/hooks/tmux-ping

What is typed is literal text for the session of exactly that name; nothing in it is run.

  $ COLDGATE_EVENT_TEXT='m: builder: mend `touch oops` $(touch oops) (E-31)' $hook builder </dev/null
  <send-keys><-t><=builder:><-l><--><coldgate: m: builder: mend `touch oops` $(touch oops) (E-31)>
  <send-keys><-t><=builder:><Enter>

  $ ls
  bin

Control characters and other than ASCII are left out.

  $ COLDGATE_EVENT_TEXT="$(printf 'a\033[2Jb\rc\nd\303\251e')" $hook builder </dev/null
  <send-keys><-t><=builder:><-l><--><coldgate: a[2Jbcde>
  <send-keys><-t><=builder:><Enter>

Without a session it says how it is used.

  $ COLDGATE_EVENT_TEXT=x $hook </dev/null
  */tmux-ping: * usage: tmux-ping SESSION (glob)
  [2]
