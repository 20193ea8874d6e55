package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"

	"modernc.org/sqlite"

	"github.com/flowc-dev/flowc/runtime/connect/table"
)

// busyTimeout is how long a statement waits for another program that holds the
// database; then the engine is told, and tries again.
const busyTimeout = "2000"

// A conn is a connection to a database.
type conn struct {
	path string
	c    driver.Conn
}

// open opens a file; create makes it where it is not there.
func open(path string, create bool) (*conn, error) {
	mode := "rw"
	if create {
		mode = "rwc"
	}
	name := (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: "mode=" + mode + "&_pragma=busy_timeout(" + busyTimeout + ")"}).String()
	c, err := (&sqlite.Driver{}).Open(name)
	k := &conn{path, c}
	if err != nil {
		return nil, k.failed(err)
	}
	return k, nil
}

func (k *conn) close() error { return k.c.Close() }

// exec runs a statement without a result.
func (k *conn) exec(sql string) error {
	_, err := k.c.(driver.ExecerContext).ExecContext(context.Background(), sql, nil)
	return k.failed(err)
}

// query runs a statement and hands its rows to each, which may stop them.
func (k *conn) query(ctx context.Context, sql string, args []driver.NamedValue, each func(row []driver.Value) (more bool, err error)) error {
	rows, err := k.c.(driver.QueryerContext).QueryContext(ctx, sql, args)
	if err != nil {
		return k.failed(err)
	}
	row := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(row); {
		case err == io.EOF: //nolint:errorlint // the driver's own
			return k.failed(rows.Close())
		case err != nil:
			return errors.Join(k.failed(err), rows.Close())
		}
		if more, err := each(row); !more || err != nil {
			return errors.Join(err, k.failed(rows.Close()))
		}
	}
}

// columnsOf are the names of the columns that a query gives.
func (k *conn) columnsOf(ctx context.Context, sql string) ([]string, error) {
	rows, err := k.c.(driver.QueryerContext).QueryContext(ctx, sql, nil)
	if err != nil {
		return nil, k.failed(err)
	}
	return rows.Columns(), k.failed(rows.Close())
}

// Result codes of SQLite.
const (
	codeError      = 1
	codeBusy       = 5
	codeLocked     = 6
	codeNoMemory   = 7
	codeInterrupt  = 9
	codeIO         = 10
	codeFull       = 13
	codeTooBig     = 18
	codeConstraint = 19
	codeMismatch   = 20
)

// failed makes an error of SQLite's one that the engine understands.
func (k *conn) failed(err error) error {
	if err == nil {
		return nil
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", k.path, err)
	}
	named := fmt.Errorf("%s: %w", k.path, err)
	switch e.Code() & 0xff {
	case codeConstraint:
		return &table.RowError{Name: "constraint", Err: err}
	case codeTooBig, codeMismatch:
		return &table.RowError{Name: "value", Err: err}
	case codeBusy, codeLocked:
		return &table.GoneError{Err: named}
	case codeNoMemory, codeIO, codeFull, codeInterrupt:
		return &table.BusyError{Err: named}
	}
	return &table.ConfigError{Err: named}
}
