module example.com/batchkeyed

go 1.26
