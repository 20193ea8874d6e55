// Command sqlite is W2 into a table of SQLite, written by hand: the scanner that walks
// the structure, a prepared statement of database/sql, and a transaction a second,
// with the place in the input in the same transaction.
//
//	sqlite INPUT DATABASE
package main

import (
	"bufio"
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	_ "modernc.org/sqlite"

	"github.com/flowc-dev/flowc/bench/contenders/scan"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: sqlite INPUT DATABASE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "sqlite:", err)
		os.Exit(1)
	}
}

func run(input, database string) (err error) {
	in, err := os.Open(input)
	if err != nil {
		return err
	}
	defer in.Close()
	t, err := open(database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.db.Close()) }()
	payments := scan.NewPayments()
	var place int64
	commit := time.Now().Add(time.Second)
	for r := bufio.NewReaderSize(in, 1<<18); ; {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return t.commit(place)
		}
		if err != nil {
			return err
		}
		place += int64(len(line))
		row, keep, err := payments.Row(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			return err
		}
		if keep {
			if err := t.insert(row); err != nil {
				return err
			}
		}
		if now := time.Now(); now.After(commit) {
			if err := t.commit(place); err != nil {
				return err
			}
			commit = now.Add(time.Second)
		}
	}
}

// A table has the open transaction and its statement.
type table struct {
	db  *sql.DB
	tx  *sql.Tx
	row *sql.Stmt
}

func open(path string) (*table, error) {
	db, err := sql.Open("sqlite", path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`CREATE TABLE payments (id TEXT NOT NULL, at TEXT NOT NULL, account TEXT NOT NULL, counterparty TEXT NOT NULL, amount TEXT NOT NULL, fee TEXT NOT NULL);
		CREATE TABLE place (bytes INTEGER NOT NULL); INSERT INTO place VALUES (0)`)
	t := &table{db: db}
	if err == nil {
		err = t.begin()
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return t, nil
}

func (t *table) begin() (err error) {
	if t.tx, err = t.db.Begin(); err != nil {
		return err
	}
	t.row, err = t.tx.Prepare("INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?)")
	return err
}

func (t *table) insert(r scan.Row) error {
	_, err := t.row.Exec(string(r.ID), string(r.At), string(r.Account), string(r.Counterparty), string(r.Amount), string(r.Fee))
	return err
}

func (t *table) commit(place int64) error {
	if _, err := t.tx.Exec("UPDATE place SET bytes = ?", place); err != nil {
		return err
	}
	if err := t.tx.Commit(); err != nil {
		return err
	}
	return t.begin()
}
