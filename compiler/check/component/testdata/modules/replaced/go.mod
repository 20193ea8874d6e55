module example.com/replaced

go 1.24

require github.com/ledger.go/model/v2 v2.1.0

replace github.com/ledger.go/model/v2 => ./third/v2
