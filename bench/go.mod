module github.com/flowc-dev/flowc/bench

go 1.26
