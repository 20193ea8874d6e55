module github.com/ledger.go/model/v2

go 1.24
