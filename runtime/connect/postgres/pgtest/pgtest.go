// Package pgtest starts PostgreSQL servers for tests, where the machine has one.
package pgtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// A Server is a server of a test's own, on a port of 127.0.0.1. Whoever asks is
// let in as the superuser postgres.
type Server struct {
	// Port is where it listens, also after it was stopped and started again.
	Port int

	t   testing.TB
	bin string
	dir string
	cmd *exec.Cmd
	log *os.File
	// more are settings of the server.
	more []string
}

// NotHere is why a test without a server is skipped.
const NotHere = "PostgreSQL is not on this machine (no initdb in PATH or /usr/lib/postgresql)"

// Here tells whether the machine has PostgreSQL.
func Here() bool { return find() != "" }

// New starts a server, which is stopped when the test ends. Where PostgreSQL is
// not on the machine the test is skipped.
func New(t testing.TB) *Server {
	t.Helper()
	s := newServer(t)
	s.Start()
	return s
}

// newServer makes a server that is not started yet.
func newServer(t testing.TB) *Server {
	t.Helper()
	if !Here() {
		t.Skip(NotHere)
	}
	bin := find()
	dir, err := os.MkdirTemp("", "pgtest") //nolint:usetesting // what is above t.TempDir is closed to another user
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, bin: bin, dir: filepath.Join(dir, "data")}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := giveAway(dir); err != nil {
		t.Skipf("PostgreSQL does not run as root, and this user can't become postgres: %v", err)
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", s.dir, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir = dir
	asPostgres(initdb)
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	if s.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Port = l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	t.Cleanup(func() {
		s.Stop()
		_ = s.log.Close()
	})
	return s
}

// find is the folder of the server's programs, "" for none.
func find() string {
	paths, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			paths = append([]string{filepath.Dir(real)}, paths...)
		}
	}
	for _, p := range paths {
		if _, err := os.Stat(filepath.Join(p, "initdb")); err == nil {
			if _, err := os.Stat(filepath.Join(p, "postgres")); err == nil {
				return p
			}
		}
	}
	return ""
}

// Start starts a server that was stopped, and waits until it lets somebody in.
func (s *Server) Start() {
	s.t.Helper()
	s.cmd = exec.Command(filepath.Join(s.bin, "postgres"), "-D", s.dir, "-p", strconv.Itoa(s.Port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=30", "-c", "wal_level=logical", "-c", "max_replication_slots=100", "-c", "max_wal_senders=30")
	for _, m := range s.more {
		s.cmd.Args = append(s.cmd.Args, "-c", m)
	}
	s.cmd.Dir = filepath.Dir(s.dir)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	asPostgres(s.cmd)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for range 600 {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		conn, err := pgconn.Connect(ctx, s.DSN())
		cancel()
		if err == nil {
			_ = conn.Close(context.Background())
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	text, _ := os.ReadFile(s.log.Name())
	s.t.Fatalf("the server does not come up:\n%s", text)
}

// Set gives the server a setting, NAME=VALUE, from its next start on.
func (s *Server) Set(setting string) { s.more = append(s.more, setting) }

// Stop stops the server at once, as a failing machine does: what was not
// committed is gone.
func (s *Server) Stop() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGQUIT)
	_ = s.cmd.Wait()
	s.cmd = nil
}

// DSN is the server's for programs.
func (s *Server) DSN() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", s.Port)
}

// Exec runs statements, and gives the rows of the last of them, their values as
// text and NULL as such, apart by bars.
func (s *Server) Exec(sql string) []string {
	s.t.Helper()
	rows, err := s.Try(sql)
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return rows
}

// Try is Exec where the statements may fail.
func (s *Server) Try(sql string) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgconn.Connect(ctx, s.DSN())
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.Background())
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range results {
		out = nil
		for _, row := range r.Rows {
			texts := make([]string, len(row))
			for i, v := range row {
				if texts[i] = string(v); v == nil {
					texts[i] = "NULL"
				}
			}
			out = append(out, strings.Join(texts, "|"))
		}
	}
	return out, nil
}
