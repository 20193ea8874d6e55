module example.com/flowctl

go 1.26
