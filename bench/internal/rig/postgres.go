package rig

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/shop"
)

// A Postgres is a server of PostgreSQL that runs.
type Postgres struct {
	DSN     string
	process *measure.Process
}

// Postgres makes and starts a server. Where there is none, a *shop.Absent says so.
func (r Rig) Postgres(ctx context.Context) (*Postgres, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(r.Dir, "postgres-")
	if err != nil {
		return nil, err
	}
	// PostgreSQL does not run as root.
	var as []string
	if os.Geteuid() == 0 {
		as = []string{"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"}
		for _, d := range []string{r.Dir, dir} {
			if err := os.Chmod(d, 0o755); err != nil {
				return nil, err
			}
		}
		if out, err := exec.Command("chown", "postgres", dir).CombinedOutput(); err != nil {
			return nil, &shop.Absent{Reason: fmt.Sprintf("there is no user postgres: %s", out)}
		}
	}
	data := filepath.Join(dir, "data")
	initdb := append(as, filepath.Join(bin, "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync")
	cmd := exec.CommandContext(ctx, initdb[0], initdb[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	address, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	p, err := r.Launcher.Start(ctx, measure.Command{
		Argv: append(as, filepath.Join(bin, "postgres"), "-D", data, "-p", port,
			"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_wal_size=4GB", "-c", "autovacuum=off"),
		Dir: dir, Cores: r.Cores,
	})
	if err != nil {
		return nil, err
	}
	s := &Postgres{DSN: fmt.Sprintf("postgres://postgres@127.0.0.1:%s/postgres?sslmode=disable", port), process: p}
	if err := s.wait(ctx, address); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// programs is the folder of the server's programs.
func programs() (string, error) {
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path), nil
	}
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres"); len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	return "", &shop.Absent{Reason: "PostgreSQL is not installed (Debian: apt-get install postgresql)"}
}

// wait waits until the server lets somebody in.
func (s *Postgres) wait(ctx context.Context, address string) error {
	if err := Wait(ctx, address); err != nil {
		return err
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := s.Exec(ctx, "SELECT 1")
		if err == nil || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
	}
}

// Stop ends the server.
func (s *Postgres) Stop() error {
	_, err := s.process.Stop()
	return err
}

// Exec runs statements.
func (s *Postgres) Exec(ctx context.Context, sql string) error {
	return s.with(ctx, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, sql)
		return err
	})
}

// Count is how many rows a table has.
func (s *Postgres) Count(ctx context.Context, table string) (n int, err error) {
	err = s.with(ctx, func(c *pgx.Conn) error {
		return c.QueryRow(ctx, "SELECT count(*) FROM "+pgx.Identifier{table}.Sanitize()).Scan(&n)
	})
	return n, err
}

// Dump writes what a query gives to a file: one column of text, one row a line.
func (s *Postgres) Dump(ctx context.Context, query, path string) error {
	return s.with(ctx, func(c *pgx.Conn) (err error) {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		w := bufio.NewWriter(f)
		defer func() { err = errors.Join(err, w.Flush(), f.Close()) }()
		rows, err := c.Query(ctx, query)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				return err
			}
			if _, err := w.WriteString(line + "\n"); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

func (s *Postgres) with(ctx context.Context, do func(*pgx.Conn) error) error {
	c, err := pgx.Connect(ctx, s.DSN)
	if err != nil {
		return err
	}
	defer c.Close(context.Background())
	return do(c)
}
