module example.com/vendored

go 1.24

require github.com/ledger/model v1.2.3
