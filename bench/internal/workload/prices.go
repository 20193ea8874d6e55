package workload

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // reads what the contenders have put into tables

	"github.com/flowc-dev/flowc/bench/internal/data"
	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/shop"
)

// checkpoints is the price of acks and checkpoints: W1-typed onto a disk, where
// an fsync is one.
func checkpoints() Workload {
	const without = "flowc, without acks"
	return Workload{
		ID: "checkpoints", Title: "the price of acks and checkpoints: W1-typed onto a disk, where each checkpoint waits for an fsync of the file and one of its own",
		Events: kilobytes, Input: payments, InputName: "payments", Expected: same, OnDisk: true,
		Outputs: []string{"out.ndjson"}, Reference: without,
		Contenders: []Contender{
			pipeline(without, "w1-typed", inOut, "at-most-once"),
			pipeline("flowc, one a second (as it comes)", "w1-typed", inOut),
			pipeline("flowc, ten a second", "w1-typed", inOut, "every-100ms"),
			pipeline("flowc, a hundred a second", "w1-typed", inOut, "every-10ms"),
		},
	}
}

// deadLetters is the price of keeping what failed.
func deadLetters() Workload {
	const dropped = "flowc, they are dropped"
	return Workload{
		ID: "dead-letters", Title: "the price of dead letters: events of 1 KB, one in twenty fails a check",
		Events: kilobytes, Input: payments, InputName: "payments", Expected: fair, OnDisk: true,
		Outputs: []string{"out.ndjson"}, Reference: dropped,
		Contenders: []Contender{
			pipeline(dropped, "checked", inOut),
			kept(pipeline("flowc, they are kept in a file", "checked", inOut, "dead-letters")),
		},
	}
}

// tables is the price of a sink that keeps the checkpoint.
func tables() Workload {
	const byHand = "hand-written scanner and database/sql"
	return Workload{
		ID: "tables", Title: "the price of a transactional sink: W2 into a table of SQLite, on a disk, a commit a second",
		Events: kilobytes, Input: payments, InputName: "payments", OnDisk: true,
		Expected: func(input string, _ int, outputs []string) error { return data.W2(input, outputs[0]) },
		Outputs:  []string{"out.ndjson"}, Reference: byHand, Goal: "flowc ≥ 0.9",
		Contenders: []Contender{
			{Name: byHand, Plan: func(ctx context.Context, s *shop.Shop) (Plan, error) {
				path, err := s.Go(ctx, "contenders/sqlite")
				return Plan{
					Command: func(j Job) measure.Command { return measure.Command{Argv: []string{path, j.Input, database(j)}} },
					Collect: rows,
				}, err
			}},
			intoTable("flowc, at least once (the checkpoint in a file)", "store-file"),
			intoTable("flowc, effectively once (the checkpoint in the table's transaction)"),
		},
	}
}

// kept has the letters of a contender counted: all that failed must be there.
func kept(c Contender) Contender {
	plan := c.Plan
	c.Plan = func(ctx context.Context, s *shop.Shop) (Plan, error) {
		p, err := plan(ctx, s)
		p.Collect = func(j Job) error {
			failed, err := unfair(j.Input)
			if err != nil {
				return err
			}
			letters := 0
			err = data.Lines(filepath.Join(j.Dir, "dead.ndjson"), func([]byte) error { letters++; return nil })
			if err == nil && letters != failed {
				err = fmt.Errorf("%d dead letters, want %d", letters, failed)
			}
			return err
		}
		return p, err
	}
	return c
}

// intoTable is the pipeline `table`.
func intoTable(name string, overlays ...string) Contender {
	return Contender{Name: name, Plan: func(ctx context.Context, s *shop.Shop) (Plan, error) {
		path, err := s.Pipeline(ctx, "table", overlays...)
		return Plan{
			Command: func(j Job) measure.Command {
				return measure.Command{
					Argv: []string{path, "--set", "events.config.path=" + j.Input, "--set", "out.config.path=" + database(j)},
					Dir:  j.Dir, Env: []string{"FLOWC_STATE=" + filepath.Join(j.Dir, "state")},
				}
			},
			Collect: rows,
		}, err
	}}
}

func database(j Job) string { return filepath.Join(j.Dir, "out.db") }

// rows writes the table `payments` as the lines that W2 gives.
func rows(j Job) (err error) {
	db, err := sql.Open("sqlite", database(j))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	found, err := db.Query("SELECT id, at, account, counterparty, amount, fee FROM payments ORDER BY rowid")
	if err != nil {
		return err
	}
	defer found.Close()
	f, err := os.Create(j.Outputs[0])
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	defer func() { err = errors.Join(err, w.Flush(), f.Close()) }()
	for found.Next() {
		var id, at, account, counterparty, amount, fee string
		if err := found.Scan(&id, &at, &account, &counterparty, &amount, &fee); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, `{"id":%q,"at":%q,"account":%q,"counterparty":%q,"amount":%q,"fee":%q}`+"\n", id, at, account, counterparty, amount, fee); err != nil {
			return err
		}
	}
	return found.Err()
}

// fair writes the events that pass the check of the pipeline `checked`.
func fair(input string, _ int, outputs []string) (err error) {
	f, err := os.Create(outputs[0])
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	defer func() { err = errors.Join(err, w.Flush(), f.Close()) }()
	return data.Lines(input, func(line []byte) error {
		fails, err := unfairLine(line)
		if err != nil || fails {
			return err
		}
		_, err = w.Write(append(line, '\n'))
		return err
	})
}

// unfair counts those that do not pass.
func unfair(input string) (count int, err error) {
	err = data.Lines(input, func(line []byte) error {
		fails, err := unfairLine(line)
		if fails {
			count++
		}
		return err
	})
	return count, err
}

func unfairLine(line []byte) (bool, error) {
	var e struct {
		Fee int64 `json:"fee_charged"`
	}
	err := json.Unmarshal(line, &e)
	return e.Fee == 700, err
}
