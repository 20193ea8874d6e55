// Command httptable is net/http in front of a table of PostgreSQL, written by hand:
// W2's transform with the scanner, and an answer when the row is committed. `gathered`
// copies the rows of all requests that wait, in one transaction; `single` inserts each
// by itself over a pool of connections, as most services do.
//
//	httptable gathered|single ADDRESS DSN TABLE
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/flowc-dev/flowc/bench/contenders/front"
	"github.com/flowc-dev/flowc/bench/contenders/scan"
)

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: httptable gathered|single ADDRESS DSN TABLE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "httptable:", err)
		os.Exit(1)
	}
}

// A writer writes one row, and returns when it is committed.
type writer interface {
	write(ctx context.Context, r scan.Row) error
}

func run(form, address, dsn, table string) error {
	pool, err := pgxpool.New(context.Background(), dsn)
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := pool.Exec(context.Background(), "CREATE TABLE IF NOT EXISTS "+table+
		" (id text NOT NULL, at text NOT NULL, account text NOT NULL, counterparty text NOT NULL, amount numeric NOT NULL, fee numeric NOT NULL)"); err != nil {
		return err
	}
	var w writer
	switch form {
	case "gathered":
		g := newGatherer(pool, table)
		go g.run()
		w = g
	case "single":
		w = &single{pool: pool, sql: "INSERT INTO " + table + " VALUES ($1, $2, $3, $4, $5::numeric, $6::numeric)"}
	default:
		return fmt.Errorf("%q is neither gathered nor single", form)
	}
	return front.Serve(address, func(ctx context.Context, d *front.Desk, event []byte) error {
		row, keep, err := d.Payments.Row(event)
		if err != nil {
			return &front.BadRequest{Err: err}
		}
		if !keep {
			return nil
		}
		return w.write(ctx, row)
	})
}
