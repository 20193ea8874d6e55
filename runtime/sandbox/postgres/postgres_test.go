package postgres

import (
	"fmt"
	"net"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// TestKeeps makes what a service names, stops the server with a session open, and has all
// of it in the next one. The folder is one that no other user can reach, where that counts.
func TestKeeps(t *testing.T) {
	t.Parallel()
	if programs() == "" {
		t.Skip(ErrNotHere)
	}
	if as, err := owner(); err != nil {
		t.Skip(err)
	} else if as != nil {
		t.Log("the server runs as user", as.UID)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	dir := t.TempDir()
	t.Cleanup(func() {
		if err := sandbox.Erase(sandbox.Folder(dir)); err != nil {
			t.Error(err)
		}
	})
	h := &sandbox.Host{
		Service: sandbox.Service{
			Name: "postgres", Kind: sandbox.Postgres, Port: port, Databases: []string{`a "name"`}, Logins: []sandbox.Login{{User: "app"}},
			Tables: []sandbox.Table{{Database: `a "name"`, Name: "shop.orders", Columns: []sandbox.Column{{Name: "id", Type: "int64"}, {Name: "note", Type: "json", Optional: true}}, Changes: true}},
		},
		Dir: sandbox.Folder(dir).Data("postgres"), Log: t.Logf,
	}
	if err := os.MkdirAll(h.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for round := 1; round <= 2; round++ {
		s, err := Start(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := pgconn.Connect(t.Context(), fmt.Sprintf(`host=127.0.0.1 port=%d user=app password=any dbname='a "name"' sslmode=disable`, port))
		if err != nil {
			s.Stop()
			t.Fatal(err)
		}
		results, err := conn.Exec(t.Context(), "INSERT INTO shop.orders VALUES (1); SELECT count(*) FROM shop.orders; SHOW wal_level; SELECT relreplident FROM pg_class WHERE relname = 'orders'").ReadAll()
		s.Stop() // the session is open
		if err != nil {
			t.Fatal(err)
		}
		if got := string(results[1].Rows[0][0]); got != fmt.Sprint(round) {
			t.Errorf("round %d: the table has %s rows", round, got)
		}
		if got := string(results[2].Rows[0][0]); got != "logical" {
			t.Errorf("changes can't be read: wal_level is %s", got)
		}
		if got := string(results[3].Rows[0][0]); got != "f" {
			t.Errorf("a delete does not tell the whole row: the identity is %s", got)
		}
	}
}
