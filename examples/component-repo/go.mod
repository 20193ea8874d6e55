module example.com/screening

go 1.26.0
