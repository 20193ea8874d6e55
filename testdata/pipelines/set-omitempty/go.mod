module example.com/setomit

go 1.26
