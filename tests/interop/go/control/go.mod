module sotto.invalid/interop/control

go 1.25.0
