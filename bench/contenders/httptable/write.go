package main

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/flowc-dev/flowc/bench/contenders/scan"
)

// single inserts each row by itself.
type single struct {
	pool *pgxpool.Pool
	sql  string
}

func (s *single) write(ctx context.Context, r scan.Row) error {
	_, err := s.pool.Exec(ctx, s.sql, string(r.ID), string(r.At), string(r.Account), string(r.Counterparty), string(r.Amount), string(r.Fee))
	return err
}

// A gatherer copies what waits in one statement, which is a transaction.
type gatherer struct {
	pool *pgxpool.Pool
	copy string
	rows chan waiting
}

// A waiting request has its row as a line of COPY's text, and where the answer goes.
type waiting struct {
	line   []byte
	answer chan error
}

func newGatherer(pool *pgxpool.Pool, table string) *gatherer {
	return &gatherer{pool: pool, copy: "COPY " + table + " FROM STDIN", rows: make(chan waiting, 256)}
}

func (g *gatherer) write(ctx context.Context, r scan.Row) error {
	w := waiting{line: line(r), answer: make(chan error, 1)}
	g.rows <- w
	select {
	case err := <-w.answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// line is a row as COPY takes it. None of the columns has anything to escape.
func line(r scan.Row) []byte {
	b := make([]byte, 0, 256)
	for i, value := range [][]byte{r.ID, r.At, r.Account, r.Counterparty, r.Amount, r.Fee} {
		if i > 0 {
			b = append(b, '\t')
		}
		b = append(b, value...)
	}
	return append(b, '\n')
}

func (g *gatherer) run() {
	var batch []waiting
	var text strings.Builder
	for first := range g.rows {
		batch, text = append(batch[:0], first), strings.Builder{}
		text.Write(first.line)
		for more := true; more; {
			select {
			case w := <-g.rows:
				batch = append(batch, w)
				text.Write(w.line)
			default:
				more = false
			}
		}
		err := g.send(text.String())
		for _, w := range batch {
			w.answer <- err
		}
	}
}

func (g *gatherer) send(text string) error {
	ctx := context.Background()
	conn, err := g.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	_, err = conn.Conn().PgConn().CopyFrom(ctx, strings.NewReader(text), g.copy)
	return err
}
