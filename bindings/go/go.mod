module github.com/libk8smesos/libk8smesos/bindings/go

go 1.19
