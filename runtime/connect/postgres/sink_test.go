package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/decimal"
	"github.com/flowc-dev/flowc/runtime/flow"
)

func TestSink(t *testing.T) {
	server := pgtest.New(t)

	t.Run("insert", func(t *testing.T) {
		s := openSink(t, server, SinkConfig{Table: "inserted"}, idName)
		must(t, s.Write(t.Context(), idNames(1, "ann", 2, "")))
		wantRows(t, server, `SELECT * FROM inserted`)
		must(t, s.Sync(t.Context()))
		must(t, s.Write(t.Context(), idNames(3, "lost")))
		must(t, s.Close(t.Context(), false))
		wantRows(t, server, `SELECT * FROM inserted ORDER BY id`, "1|ann", "2|NULL")
	})

	t.Run("upsert", func(t *testing.T) {
		server.Exec(`CREATE SCHEMA "my shop"`)
		s := openSink(t, server, SinkConfig{Table: "my shop.people", Key: []string{"id"}}, idName)
		must(t, s.Write(t.Context(), idNames(1, "ann", 2, "bob", 1, "eve")))
		must(t, s.Write(t.Context(), idNames(2, "", 3, "x")))
		must(t, s.Sync(t.Context()))
		wantRows(t, server, `SELECT * FROM "my shop".people ORDER BY id`, "1|eve", "2|NULL", "3|x")
	})

	// Keys that are one to the database, and not as text, are written one behind
	// the other.
	t.Run("upsert of equal keys", func(t *testing.T) {
		server.Exec(`CREATE TABLE amounts (amount numeric PRIMARY KEY, name text)`)
		s := openSink(t, server, SinkConfig{Table: "amounts", Key: []string{"amount"}}, []connect.Column{{Name: "amount", Type: "decimal"}, {Name: "name", Type: "string"}})
		o := &flow.Out{}
		for i, amount := range []string{"1.0", "1.00", "2", "1"} {
			o.Data = row.AppendText(row.AppendDecimal(o.Data, decimal.MustParse(amount)), fmt.Sprint(i))
			o.Ends, o.Count = append(o.Ends, uint32(len(o.Data))), o.Count+1
		}
		must(t, s.Write(t.Context(), o))
		must(t, s.Sync(t.Context()))
		wantRows(t, server, `SELECT amount = 1, name FROM amounts ORDER BY amount`, "t|3", "f|2")
	})

	// A record that breaks a constraint fails alone, whichever constraint it is.
	t.Run("constraints", func(t *testing.T) {
		server.Exec(`CREATE TABLE other (id bigint PRIMARY KEY); INSERT INTO other SELECT generate_series(0, 1000);
CREATE TABLE strict (id bigint PRIMARY KEY DEFERRABLE INITIALLY DEFERRED REFERENCES other DEFERRABLE INITIALLY DEFERRED, name varchar(5) CHECK (name <> 'evil'))`)
		for _, mode := range []string{"insert", "upsert"} {
			server.Exec(`TRUNCATE strict`)
			if mode == "upsert" {
				server.Exec(`ALTER TABLE strict DROP CONSTRAINT strict_pkey; CREATE UNIQUE INDEX ON strict (id)`)
			}
			s := openSink(t, server, SinkConfig{Table: "strict", Key: []string{"id"}, Mode: mode}, idName)
			must(t, s.Write(t.Context(), idNames(500, "first")))
			var pairs []any
			for i := range 100 {
				name := "ok"
				switch i {
				case 17:
					name = "evil"
				case 55:
					name = "too long"
				case 70:
					name = "nul\x00"
				}
				id := i
				if i == 99 {
					id = 5000 // not in other
				}
				pairs = append(pairs, id, name)
			}
			bad := []int{17, 55, 70, 99}
			if mode == "insert" {
				pairs[2*80] = 3 // there already
				bad = []int{17, 55, 70, 80, 99}
			}
			failed := failedOf(t, s.Write(t.Context(), idNames(pairs...)))
			for _, i := range bad {
				var refused *table.RowError
				if !errors.As(failed[i], &refused) || flow.ClassOf(failed[i]) != flow.Permanent {
					t.Errorf("%s: record %d: %v", mode, i, failed[i])
				}
			}
			if len(failed) != len(bad) {
				t.Errorf("%s: failed: %v", mode, failed)
			}
			must(t, s.Sync(t.Context()))
			wantRows(t, server, `SELECT count(*), max(id) FROM strict`, fmt.Sprintf("%d|500", 101-len(bad)))
			_ = s.Close(t.Context(), true)
		}
	})

	// So does one that a trigger refuses, whatever it calls that.
	t.Run("triggers", func(t *testing.T) {
		server.Exec(`CREATE TABLE guarded (id bigint, name text);
CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.name = 'raise' THEN RAISE 'not this one'; END IF;
  IF NEW.name LIKE 'code%' THEN RAISE 'nor this one' USING ERRCODE = substr(NEW.name, 6); END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION guard()`)
		s := openSink(t, server, SinkConfig{Table: "guarded"}, idName)
		failed := failedOf(t, s.Write(t.Context(), idNames(1, "ok", 2, "raise", 3, "ok", 4, "code U0001", 5, "code 45000", 6, "ok")))
		if len(failed) != 3 || failed[1] == nil || failed[3] == nil || failed[4] == nil {
			t.Errorf("failed: %v", failed)
		}
		must(t, s.Sync(t.Context()))
		wantRows(t, server, `SELECT id FROM guarded ORDER BY id`, "1", "3", "6")
		if err := s.Write(t.Context(), idNames(7, "code 42000")); flow.ClassOf(err) != flow.Fatal {
			t.Errorf("an error that is not the record's: %v", err)
		}
	})

	// Values that a column would change fail, and name the field.
	t.Run("values", func(t *testing.T) {
		server.Exec(`CREATE TABLE narrow (amount numeric(6,2), at timestamptz(3), wait interval, small smallint)`)
		s := openSink(t, server, SinkConfig{Table: "narrow"}, []connect.Column{
			{Name: "amount", Type: "decimal"}, {Name: "at", Type: "time"}, {Name: "wait", Type: "duration"}, {Name: "small", Type: "int"},
		})
		o := &flow.Out{}
		add := func(amount string, nanos int, wait time.Duration, small int64) {
			o.Data = row.AppendDecimal(o.Data, decimal.MustParse(amount))
			o.Data = row.AppendTime(o.Data, time.Date(2026, 1, 2, 3, 4, 5, nanos, time.FixedZone("", 3600)))
			o.Data = row.AppendInt(row.AppendDuration(o.Data, wait), small)
			o.Ends, o.Count = append(o.Ends, uint32(len(o.Data))), o.Count+1
		}
		add("10.500", 7e6, -90*time.Minute, 32767)
		add("10.555", 0, 0, 0)
		add("1", 7e3, 0, 0)
		add("1", 0, 7, 0)
		add("1", 0, 0, 32768)
		add("10000", 0, 0, 0)
		add("15e+2", 0, 0, 0)
		failed := failedOf(t, s.Write(t.Context(), o))
		for i, field := range map[int]string{1: "amount: 10.555 has more than the 2 decimal places of numeric(6,2)", 2: "at: ", 3: "wait: ", 4: "out of range", 5: "overflow"} {
			if failed[i] == nil || !strings.Contains(failed[i].Error(), field) {
				t.Errorf("record %d: %v", i, failed[i])
			}
		}
		if len(failed) != 5 {
			t.Errorf("failed: %v", failed)
		}
		must(t, s.Sync(t.Context()))
		wantRows(t, server, `SET timezone = 'UTC'; SELECT * FROM narrow`, "10.50|2026-01-02 02:04:05.007+00|-01:30:00|32767", "1500.00|2026-01-02 02:04:05+00|00:00:00|0")
	})

	t.Run("misfits", func(t *testing.T) {
		server.Exec(`CREATE TYPE mood AS ENUM ('happy'); CREATE DOMAIN amount AS numeric(10,2) NOT NULL`)
		all := []connect.Column{
			{Name: "id", Type: "int64"}, {Name: "total", Type: "decimal"}, {Name: "note", Type: "string", Optional: true}, {Name: "at", Type: "time"},
		}
		for i, c := range []struct {
			name, schema string
			key          []string
			want         string // "" where it fits
		}{
			{"fits", `(id int PRIMARY KEY, total amount, note mood, at timestamp, extra int, filled int NOT NULL DEFAULT 1, n int GENERATED ALWAYS AS IDENTITY)`, []string{"id"}, ""},
			{"texts", `(id numeric, total text, note uuid, at varchar(40))`, nil, ""},
			{"no column", `(id int, total numeric, note text)`, nil, "no column `at` (timestamptz)"},
			{"rounds", `(id int, total double precision, note text, at timestamptz)`, nil, "`total` is double precision, and can't hold every decimal as it is: it must be numeric"},
			{"rounds to tens", `(id int, total numeric(4,-1), note text, at timestamptz)`, nil, "`total` is numeric(4,-1)"},
			{"not null", `(id int, total numeric, note text NOT NULL, at timestamptz)`, nil, "`note` is NOT NULL, and the field may be missing"},
			{"no field", `(id int, total numeric, note text, at timestamptz, more text NOT NULL)`, nil, "`more` is NOT NULL and has no default"},
			{"generated", `(id int GENERATED ALWAYS AS IDENTITY, total numeric, note text, at timestamptz)`, nil, "`id` is generated"},
			{"case", `("ID" int, total numeric, note text, at timestamptz)`, nil, "no column `id`"},
			{"not unique", `(id int, total numeric, note text, at timestamptz)`, []string{"id"}, "nothing makes `id` unique"},
			{"other key", `(id int, total numeric, note text, at timestamptz, PRIMARY KEY (id, at))`, []string{"id"}, "nothing makes `id` unique"},
			{"late", `(id int UNIQUE DEFERRABLE, total numeric, note text, at timestamptz)`, []string{"id"}, "nothing makes `id` unique"},
			{"own index", `(id int, total numeric, note text, at timestamptz, UNIQUE (at, id) INCLUDE (total))`, []string{"id", "at"}, ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				name := fmt.Sprintf("misfit%d", i)
				server.Exec(`CREATE TABLE ` + name + ` ` + c.schema)
				s, err := NewSink(SinkConfig{DSN: server.DSN(), Table: name, Key: c.key}, connect.Output{Columns: all})
				must(t, err)
				err = s.Open(t.Context())
				defer s.Close(context.Background(), false)
				switch {
				case c.want == "" && err != nil:
					t.Errorf("refused: %v", err)
				case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || flow.ClassOf(err) != flow.Fatal):
					t.Errorf("not %q: %v", c.want, err)
				}
			})
		}
	})

	t.Run("no database", func(t *testing.T) {
		dsn := strings.Replace(server.DSN(), "/postgres?", "/nowhere?", 1)
		s, err := NewSink(SinkConfig{DSN: dsn, Table: "t"}, connect.Output{Columns: idName})
		must(t, err)
		if err := s.Open(t.Context()); err == nil || flow.ClassOf(err) != flow.Fatal || !strings.Contains(err.Error(), "nowhere") {
			t.Errorf("%v", err)
		}
	})

	t.Run("commits by itself", func(t *testing.T) {
		s := openSink(t, server, SinkConfig{Table: "large"}, idName)
		for i := range 10 {
			must(t, s.Write(t.Context(), idNames(i, strings.Repeat("x", 1<<20))))
		}
		if s.kept.Bytes() > table.KeepBytes {
			t.Errorf("%d bytes are kept", s.kept.Bytes())
		}
		if got := server.Exec(`SELECT count(*) > 0 FROM large`); got[0] != "t" {
			t.Error("nothing was committed")
		}
	})
}

// No password is in what is said about a DSN or a server.
func TestNoPassword(t *testing.T) {
	for _, dsn := range []string{
		"postgres://ann:hunter2@[::1", "postgres://ann:hunter2@127.0.0.1:1/shop", "host=127.0.0.1 port=1 user=ann password=hunter2", "hunter2", "postgres://ann:hunter2@x?sslmode=hunter2",
	} {
		s, err := NewSink(SinkConfig{DSN: dsn, Table: "t"}, connect.Output{Columns: idName})
		if err == nil {
			err = s.Open(t.Context())
		}
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

// The DSN says whom to trust. A server that nobody vouches for is refused at once,
// and not waited for.
func TestTLS(t *testing.T) {
	server, ca := pgtest.NewTLS(t)
	at := strings.TrimSuffix(server.DSN(), "?sslmode=disable")
	_, port, _ := strings.Cut(at, "127.0.0.1:")
	other := filepath.Join(t.TempDir(), "other.pem")
	_, strange := pgtest.NewTLS(t)
	text, err := os.ReadFile(strange)
	must(t, err)
	must(t, os.WriteFile(other, text, 0o600))
	for _, c := range []struct {
		dsn  string
		want string // "" where it is let in
	}{
		{at + "?sslmode=verify-full&sslrootcert=" + ca, ""},
		{at + "?sslmode=require", ""},
		{at + "?sslmode=verify-full&sslrootcert=" + other, "certificate"},
		{"postgres://postgres@localhost:" + port + "?sslmode=verify-full&sslrootcert=" + ca, "localhost"},
	} {
		s, err := NewSink(SinkConfig{DSN: c.dsn, Table: "secret"}, connect.Output{Columns: idName})
		must(t, err)
		err = s.Open(t.Context())
		switch {
		case c.want != "" && (err == nil || flow.ClassOf(err) != flow.Fatal || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v", c.dsn, err)
		case c.want == "":
			must(t, err)
			rows, err := s.(*Sink).server.exec(t.Context(), "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
			must(t, err)
			if string(rows[0][0]) != "t" {
				t.Errorf("%s: in the clear", c.dsn)
			}
		}
		_ = s.Close(t.Context(), false)
	}
}

func isGone(err error) bool {
	var gone interface{ Unavailable() bool }
	return errors.As(err, &gone) && gone.Unavailable()
}

// A server that goes away and comes back costs nothing: not what was written, nor
// what was not, and no row is there twice.
func TestServerGoes(t *testing.T) {
	server := pgtest.New(t)
	s := openSink(t, server, SinkConfig{Table: "people"}, idName)
	must(t, s.Write(t.Context(), idNames(1, "ann")))
	must(t, s.Sync(t.Context()))
	must(t, s.Write(t.Context(), idNames(2, "bob")))
	server.Stop()
	for _, call := range map[string]func() error{
		"write": func() error { return s.Write(t.Context(), idNames(3, "eve")) },
		"sync":  func() error { return s.Sync(t.Context()) },
	} {
		if err := call(); !isGone(err) || !strings.Contains(err.Error(), fmt.Sprintf("127.0.0.1:%d", server.Port)) {
			t.Errorf("a server that is gone: %v", err)
		}
	}
	server.Start()
	must(t, s.Write(t.Context(), idNames(3, "eve")))
	must(t, s.Sync(t.Context()))
	wantRows(t, server, `SELECT * FROM people ORDER BY id`, "1|ann", "2|bob", "3|eve")

	// An idle connection that the server closed.
	server.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flowc'`)
	if err := s.Write(t.Context(), idNames(4, "joe")); err != nil && !isGone(err) {
		t.Errorf("closed by the server: %v", err)
	} else if err != nil {
		must(t, s.Write(t.Context(), idNames(4, "joe")))
	}
	must(t, s.Sync(t.Context()))
	wantRows(t, server, `SELECT count(*) FROM people`, "4")

	// A commit whose answer did not come had its effect, or had not: the server
	// says which.
	must(t, s.Write(t.Context(), idNames(5, "amy")))
	_, err := s.server.exec(t.Context(), "COMMIT")
	must(t, err)
	s.doubt = s.xid
	_ = s.lost(&table.GoneError{Err: errors.New("the answer did not come")})
	must(t, s.Sync(t.Context()))
	wantRows(t, server, `SELECT count(*) FROM people WHERE id = 5`, "1")

	must(t, s.Write(t.Context(), idNames(6, "kim")))
	s.doubt = s.xid
	_ = s.lost(&table.GoneError{Err: errors.New("the commit did not come")})
	for range 100 { // the server ends the transaction when it sees that the connection is gone
		if err = s.Sync(t.Context()); !isGone(err) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	must(t, err)
	wantRows(t, server, `SELECT count(*) FROM people WHERE id = 6`, "1")
}
