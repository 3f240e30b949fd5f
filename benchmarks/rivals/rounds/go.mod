module github.com/libk8smesos/libk8smesos/benchmarks/rivals/rounds

go 1.26.0
