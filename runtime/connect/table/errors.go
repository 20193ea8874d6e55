// Package table is what sources and sinks of tables have in common, whichever
// database is behind them: how a table is read by a key that grows, what has been
// written and is not yet safe, and what errors mean.
package table

import "strings"

// A RowError is a record that the table does not take: trying again is of no use,
// and the records around it are not concerned.
type RowError struct {
	// Name is the error's code in dead letters: constraint or value.
	Name string
	Err  error
}

// Error says what is wrong with the record.
func (e *RowError) Error() string { return e.Err.Error() }

// Unwrap is the cause.
func (e *RowError) Unwrap() error { return e.Err }

// Code is the error's name in dead letters.
func (e *RowError) Code() string { return e.Name }

// Permanent tells that trying again is of no use.
func (e *RowError) Permanent() bool { return true }

// A GoneError is a database that is not there, or that another program holds: the
// engine tries again for ever, and says so once.
type GoneError struct{ Err error }

// Error says where the database is and what is the matter.
func (e *GoneError) Error() string { return e.Err.Error() }

// Unwrap is the cause.
func (e *GoneError) Unwrap() error { return e.Err }

// Unavailable tells that it is not there.
func (e *GoneError) Unavailable() bool { return true }

// A BusyError is a database that could not do it now: it is tried again as
// `on_error` says.
type BusyError struct{ Err error }

// Error says what is the matter.
func (e *BusyError) Error() string { return e.Err.Error() }

// Unwrap is the cause.
func (e *BusyError) Unwrap() error { return e.Err }

// Temporary tells that it may go away by itself.
func (e *BusyError) Temporary() bool { return true }

// A ConfigError is a table, a key or a query that does not fit, or a database
// that does not let the program in: nothing that is written or read would help.
type ConfigError struct{ Err error }

// Error says what does not fit.
func (e *ConfigError) Error() string { return e.Err.Error() }

// Unwrap is the cause.
func (e *ConfigError) Unwrap() error { return e.Err }

// Fatal tells that the program can't go on with it.
func (e *ConfigError) Fatal() bool { return true }

// A Misfit is a table that is there and can't hold the records.
type Misfit struct {
	// Table is its name; Problems say, a column each, what does not fit.
	Table    string
	Problems []string
}

// Error lists what does not fit.
func (e *Misfit) Error() string {
	if len(e.Problems) == 1 {
		return "the table " + e.Table + " does not fit the records: " + e.Problems[0]
	}
	return "the table " + e.Table + " does not fit the records:\n  " + strings.Join(e.Problems, "\n  ")
}

// Fatal tells that the program can't go on with it.
func (e *Misfit) Fatal() bool { return true }

// Quote is a name as SQL writes it.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// QuoteAll is a list of names as SQL writes it.
func QuoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = Quote(n)
	}
	return strings.Join(quoted, ", ")
}
