module example.com/parts

go 1.24
