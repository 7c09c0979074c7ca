"""Can one believe a choice, and a number? Each study is pure computation, told what was measured, giving a record.

`resize` and `fixres` look at test sizes, `kfold` at a choice, `seeds` at chance, `ladder` at what each ingredient adds.
`outcomes` measures for them, `runs` trains for them, `parts` keeps what is done. Importing this page imports nothing.
"""
