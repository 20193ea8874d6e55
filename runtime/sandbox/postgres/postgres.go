// Package postgres runs the PostgreSQL of the machine for a sandbox, with a cluster of the
// sandbox's own. Whoever asks on 127.0.0.1 is let in, with whatever password.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/postgres"
	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/sandbox"
	"github.com/flowc-dev/flowc/runtime/supervise"
)

// superuser is who the cluster belongs to, and the one that always may connect.
const superuser = "postgres"

// ErrNotHere is a machine without PostgreSQL.
var ErrNotHere = errors.New("this machine has no PostgreSQL (no initdb in PATH or below /usr/lib/postgresql): `apt-get install postgresql` or `brew install postgresql` brings one; or take a container, in a file of services with `image: postgres`")

// A cluster is a server that runs.
type cluster struct {
	keeper *supervise.Keeper
	died   chan error
	stop   context.CancelFunc
	over   chan struct{}
}

// Start starts a server with the databases, logins and tables of the service.
func Start(ctx context.Context, h *sandbox.Host) (sandbox.Server, error) {
	bin := programs()
	if bin == "" {
		return nil, ErrNotHere
	}
	as, err := owner()
	if err != nil {
		return nil, err
	}
	data, err := place(h.Dir, as)
	if err != nil {
		return nil, err
	}
	// A cluster that was interrupted while it was made is none.
	made := filepath.Join(h.Dir, "made")
	if _, err := os.Stat(made); err != nil {
		if err := empty(data); err != nil {
			return nil, err
		}
		if err := initialise(ctx, bin, data, as, h); err != nil {
			return nil, err
		}
		if err := os.WriteFile(made, nil, 0o600); err != nil {
			return nil, err
		}
	}
	life, stop := context.WithCancel(context.Background())
	c := &cluster{died: make(chan error, 1), stop: stop, over: make(chan struct{})}
	c.keeper = supervise.New(supervise.Spec{
		Name: h.Name, User: as, Dir: data, Restart: supervise.Always, Log: said{h},
		Command: []string{
			filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(h.Port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
			"-c", "wal_level=logical", "-c", "max_replication_slots=20", "-c", "max_wal_senders=20",
			// What a crash of the machine loses of a sandbox is little; one of a process loses nothing.
			"-c", "synchronous_commit=off",
		},
	})
	go c.keep(life)
	if err := c.fill(ctx, h); err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

// programs is the folder of the server's programs, "" for none; of several versions the
// newest.
func programs() string {
	var all []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			all = append(all, filepath.Dir(real))
		}
	}
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	for i := len(installed) - 1; i >= 0; i-- {
		all = append(all, installed[i])
	}
	for _, dir := range all {
		if executable(filepath.Join(dir, "initdb")) && executable(filepath.Join(dir, "postgres")) {
			return dir
		}
	}
	return ""
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&0o111 != 0
}

// initialise makes a cluster.
func initialise(ctx context.Context, bin, data string, as *supervise.User, h *sandbox.Host) error {
	h.Log("making a cluster in %s", data)
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-A", "trust", "-U", superuser, "-E", "UTF8", "--locale=C", "--no-sync")
	cmd.Dir = data
	actAs(cmd, as)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// empty removes all that is in a folder.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if err == nil {
			err = os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
	return err
}

// keep has the server run until it is stopped, or dies again and again.
func (c *cluster) keep(ctx context.Context) {
	defer close(c.over)
	for {
		p, err := c.keeper.Start(ctx)
		if err != nil {
			if ctx.Err() == nil {
				c.died <- err
			}
			return
		}
		well := time.AfterFunc(10*time.Second, c.keeper.Progress)
		<-p.Done()
		well.Stop()
	}
}

// Stop implements [sandbox.Server]: sessions that are open are ended.
func (c *cluster) Stop() {
	c.stop()
	if p := c.keeper.Now(); p != nil {
		interrupt(p.Pid(), p.Done())
		select {
		case <-p.Done():
		case <-time.After(20 * time.Second):
		}
	}
	c.keeper.Stop(5 * time.Second)
	<-c.over
}

// Died implements [sandbox.Server].
func (c *cluster) Died() <-chan error { return c.died }

// said gets the server's lines.
type said struct{ h *sandbox.Host }

// Write never keeps b.
func (s said) Write(b []byte) (int, error) {
	s.h.Log("%s", strings.TrimPrefix(strings.TrimRight(string(b), "\n"), "["+s.h.Name+"] "))
	return len(b), nil
}

var _ io.Writer = said{}

// interrupt is the signal for an end that waits for nobody.
func interrupt(pid int, done <-chan struct{}) {
	select {
	case <-done: // the number may be another process's
	default:
		if p, err := os.FindProcess(pid); err == nil {
			_ = p.Signal(syscall.SIGINT)
		}
	}
}

// fill waits until the server lets somebody in, and makes what the service names.
func (c *cluster) fill(ctx context.Context, h *sandbox.Host) error {
	conn, err := c.connect(ctx, h, superuser)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, l := range h.Logins {
		there, err := ask(ctx, conn, "SELECT 1 FROM pg_roles WHERE rolname = "+literal(l.User))
		if err != nil {
			return err
		}
		if !there {
			if _, err := ask(ctx, conn, "CREATE ROLE "+table.Quote(l.User)+" LOGIN SUPERUSER"); err != nil {
				return fmt.Errorf("the user %s can't be made: %w", l.User, err)
			}
		}
	}
	for _, d := range h.Databases {
		there, err := ask(ctx, conn, "SELECT 1 FROM pg_database WHERE datname = "+literal(d))
		if err != nil {
			return err
		}
		if !there {
			if _, err := ask(ctx, conn, "CREATE DATABASE "+table.Quote(d)); err != nil {
				return fmt.Errorf("the database %s can't be made: %w", d, err)
			}
		}
	}
	for _, t := range h.Tables {
		in, err := c.connect(ctx, h, t.Database)
		if err != nil {
			return err
		}
		_, err = in.Exec(ctx, statements(t)).ReadAll()
		in.Close(context.WithoutCancel(ctx))
		if err != nil {
			return fmt.Errorf("the table %s can't be made: %w", t.Name, err)
		}
	}
	return nil
}

// statements make a table where it is not there, as the sink of tables makes one.
func statements(t sandbox.Table) string {
	var columns []connect.Column
	for _, c := range t.Columns {
		columns = append(columns, connect.Column{Name: c.Name, Type: c.Type, Optional: c.Optional})
	}
	sql := postgres.CreateTable(t.Name, columns, t.Key)
	if schema, _, ok := strings.Cut(t.Name, "."); ok {
		sql = "CREATE SCHEMA IF NOT EXISTS " + table.Quote(schema) + ";\n" + sql
	}
	if t.Changes { // a delete is to tell the whole row
		sql += ";\nALTER TABLE " + postgres.TableName(t.Name) + " REPLICA IDENTITY FULL"
	}
	return sql
}

// connect connects to a database, and waits for a server that is not there yet.
func (c *cluster) connect(ctx context.Context, h *sandbox.Host, database string) (*pgconn.PgConn, error) {
	config, err := pgconn.ParseConfig(fmt.Sprintf("host=127.0.0.1 port=%d user=%s sslmode=disable", h.Port, superuser))
	if err != nil {
		return nil, err
	}
	config.Database = database
	for {
		try, cancel := context.WithTimeout(ctx, 5*time.Second)
		conn, err := pgconn.ConnectConfig(try, config)
		cancel()
		if err == nil {
			return conn, nil
		}
		select {
		case err := <-c.died:
			return nil, err
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// ask runs a statement, and tells whether it gave a row.
func ask(ctx context.Context, conn *pgconn.PgConn, sql string) (bool, error) {
	results, err := conn.Exec(ctx, sql).ReadAll()
	return len(results) > 0 && len(results[0].Rows) > 0, err
}

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
