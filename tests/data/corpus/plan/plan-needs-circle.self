<!-- 10:5 -->
```yaml phase
version: 1
phase: p
```

```yaml gate
gate: M1
checks:
  - id: a
    run: ./t
    needs: [a]
```
