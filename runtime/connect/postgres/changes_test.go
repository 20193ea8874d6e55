package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A watcher reads changes in a test.
type watcher struct {
	t    *testing.T
	s    *ChangeSource
	last *position
	// batches are how many were read, longest the longest in bytes.
	batches, longest int
}

// watch reads the changes of a table from a position on, nil for the start.
func watch(t *testing.T, server *pgtest.Server, c SourceConfig, from *position, columns ...connect.Column) *watcher {
	t.Helper()
	s, err := makeChanges(server, c, from, columns...)
	must(t, err)
	must(t, s.Open(t.Context()))
	w := &watcher{t: t, s: s}
	t.Cleanup(w.close)
	return w
}

func makeChanges(server *pgtest.Server, c SourceConfig, from *position, columns ...connect.Column) (*ChangeSource, error) {
	c.DSN = server.DSN()
	s, err := NewSource(c, connect.Input{Node: "in", Pipeline: "test", Changes: true, Columns: columns})
	if err != nil {
		return nil, err
	}
	if from != nil {
		raw, err := json.Marshal(from)
		if err == nil {
			err = s.(flow.Seeker).Seek(context.Background(), map[string]json.RawMessage{"": raw})
		}
		if err != nil {
			return nil, err
		}
	}
	return s.(*ChangeSource), nil
}

func (w *watcher) close() { _ = w.s.Close(context.Background()) }

// read reads n changes, each with what stands beside it.
func (w *watcher) read(n int) (lines []string, metas []Meta) {
	w.t.Helper()
	for len(lines) < n {
		b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
		must(w.t, w.s.Read(w.t.Context(), b))
		w.batches, w.longest = w.batches+1, max(w.longest, len(b.Data))
		start := 0
		for line := range strings.Lines(string(b.Data)) {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
			var m Meta
			m.At(b, flow.Record{Start: start})
			metas = append(metas, m)
			start += len(line)
		}
		if b.Position != nil {
			w.last = b.Position.(*position)
		}
	}
	return lines, metas
}

func (w *watcher) want(want ...string) {
	w.t.Helper()
	got, _ := w.read(len(want))
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		w.t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// failed reads until there is an error.
func (w *watcher) failed() error {
	for {
		if err := w.s.Read(w.t.Context(), &flow.Batch{}); err != nil {
			return err
		}
	}
}

var idNote = []connect.Column{{Name: "id", Type: "int64"}, {Name: "note", Type: "string", Optional: true}}

// Each kind of change comes as what it is, with what the server tells of the row.
func TestChangeKinds(t *testing.T) {
	server := pgtest.New(t)
	long := "(SELECT string_agg(md5(i::text), '') FROM generate_series(1, 300) i)"

	// Where nothing is said a delete tells the key alone, and a large value that
	// stays what it was is not sent.
	t.Run("key", func(t *testing.T) {
		server.Exec(`CREATE TABLE kinds (other int, id bigint PRIMARY KEY, note text); INSERT INTO kinds VALUES (1, 1, NULL), (1, 2, 'two')`)
		w := watch(t, server, SourceConfig{Table: "kinds", Slot: "kinds"}, nil, idNote...)
		w.want(`{"op":"read","after":{"id":1}}`, `{"op":"read","after":{"id":2,"note":"two"}}`)
		server.Exec(`INSERT INTO kinds VALUES (1, 3, ` + long + `); UPDATE kinds SET other = 2 WHERE id = 3; UPDATE kinds SET id = 4 WHERE id = 3; UPDATE kinds SET note = NULL WHERE id = 4; DELETE FROM kinds WHERE id = 4; TRUNCATE kinds`)
		got, metas := w.read(6)
		if !strings.HasPrefix(got[0], `{"op":"insert","after":{"id":3,"note":"c4ca4238`) {
			t.Errorf("%.100s", got[0])
		}
		for i, want := range []string{`{"op":"update","after":{"id":3},"unchanged":["note"]}`, `{"op":"update","before":{"id":3},"after":{"id":4},"unchanged":["note"]}`, `{"op":"update","after":{"id":4}}`, `{"op":"delete","before":{"id":4}}`, `{"op":"truncate"}`} {
			if got[i+1] != want {
				t.Errorf("got %s, not %s", got[i+1], want)
			}
		}
		m := metas[5]
		if m.Table != "public.kinds" || m.XID == 0 || time.Since(m.Time).Abs() > time.Hour || !strings.Contains(m.LSN, "/") || m != metas[0] {
			t.Errorf("beside it stands %+v, and beside the first %+v", m, metas[0])
		}
	})

	// With FULL all of the row before is told, so that nothing is unchanged.
	t.Run("full", func(t *testing.T) {
		server.Exec(`CREATE SCHEMA "Odd.One"; CREATE TABLE kinds_full (id bigint, "note" text); ALTER TABLE kinds_full REPLICA IDENTITY FULL; INSERT INTO kinds_full VALUES (1, ` + long + `)`)
		w := watch(t, server, SourceConfig{Table: "public.kinds_full", Slot: "kinds_full"}, nil, idNote...)
		_, metas := w.read(1)
		if m := metas[0]; m.XID != 0 || m.Table != "public.kinds_full" || time.Since(m.Time).Abs() > time.Hour {
			t.Errorf("beside a row that was there stands %+v", m)
		}
		server.Exec(`UPDATE kinds_full SET id = 2; DELETE FROM kinds_full`)
		got, _ := w.read(2)
		if !strings.HasPrefix(got[0], `{"op":"update","before":{"id":1,"note":"c4ca4238`) || !strings.Contains(got[0], `"after":{"id":2,"note":"c4ca4238`) || strings.Contains(got[0], "unchanged") {
			t.Errorf("%.100s … %s", got[0], got[0][len(got[0])-100:])
		}
		if !strings.HasPrefix(got[1], `{"op":"delete","before":{"id":2,"note":"c4ca4238`) {
			t.Errorf("%.100s", got[1])
		}
	})

	// Partitions are one table, their rows and their changes; a publication's
	// condition holds for the rows that are there as well.
	t.Run("partitions", func(t *testing.T) {
		server.Exec(`CREATE TABLE parted (id bigint PRIMARY KEY, note text) PARTITION BY RANGE (id);
CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (0) TO (100); CREATE TABLE parted_high PARTITION OF parted FOR VALUES FROM (100) TO (200);
INSERT INTO parted VALUES (150, 'high'), (50, 'low'), (51, 'hidden');
CREATE PUBLICATION parted FOR TABLE parted WHERE (id <> 51) WITH (publish_via_partition_root = true)`)
		w := watch(t, server, SourceConfig{Table: "parted", Slot: "parted", Publication: "parted"}, nil, idNote...)
		w.want(`{"op":"read","after":{"id":50,"note":"low"}}`, `{"op":"read","after":{"id":150,"note":"high"}}`)
		server.Exec(`INSERT INTO parted VALUES (60, 'l'), (160, 'h'); UPDATE parted SET id = 161 WHERE id = 60`)
		w.want(`{"op":"insert","after":{"id":60,"note":"l"}}`, `{"op":"insert","after":{"id":160,"note":"h"}}`, `{"op":"delete","before":{"id":60}}`, `{"op":"insert","after":{"id":161,"note":"l"}}`)
	})

	// A transaction that is larger than a block comes in parts, from each of which
	// reading goes on; one that was rolled back does not come.
	t.Run("large", func(t *testing.T) {
		server.Exec(`CREATE TABLE large (id bigint PRIMARY KEY, note text)`)
		w := watch(t, server, SourceConfig{Table: "large", Slot: "large"}, nil, idNote...)
		const count = 40000
		server.Exec(fmt.Sprintf(`BEGIN; INSERT INTO large SELECT i, repeat('x', 60) FROM generate_series(1, %d) i; ROLLBACK; INSERT INTO large SELECT i, repeat('x', 60) FROM generate_series(1, %[1]d) i`, count))
		var at *position
		next := 1
		for next <= count {
			got, _ := w.read(1)
			for _, line := range got {
				if want := fmt.Sprintf(`{"op":"insert","after":{"id":%d,`, next); !strings.HasPrefix(line, want) {
					t.Fatalf("%.60s, and not %s", line, want)
				}
				next++
			}
			if at == nil && w.last.N > 0 {
				at = w.last
			}
		}
		if w.batches < 10 || w.longest > flow.BlockSize+200 {
			t.Errorf("it came in %d batches, the longest of %d bytes", w.batches, w.longest)
		}
		w.close()
		again := watch(t, server, SourceConfig{Table: "large", Slot: "large"}, at, idNote...)
		if got, _ := again.read(1); !strings.HasPrefix(got[0], fmt.Sprintf(`{"op":"insert","after":{"id":%d,`, at.N+1)) {
			t.Errorf("behind %d changes comes %s", at.N, got[0])
		}
	})
}

// What changes about the table shows in the changes behind it; what the records
// need and no longer have is an error.
func TestChangesOfTheTable(t *testing.T) {
	server := pgtest.New(t)
	server.Exec(`CREATE TABLE moves (id int PRIMARY KEY, note text, gone text)`)
	c := SourceConfig{Table: "moves", Slot: "moves"}
	w := watch(t, server, c, nil, idNote...)
	server.Exec(`INSERT INTO moves VALUES (1, 'a', 'g'); ALTER TABLE moves DROP COLUMN gone; ALTER TABLE moves ADD COLUMN more int; INSERT INTO moves VALUES (2, 'b', 7)`)
	w.want(`{"op":"insert","after":{"id":1,"note":"a"}}`, `{"op":"insert","after":{"id":2,"note":"b"}}`)
	server.Exec(`ALTER TABLE moves ALTER note TYPE int[] USING '{1,2}'; ALTER TABLE moves RENAME TO moved; INSERT INTO moved VALUES (3, '{3,4}', 7)`)
	w.want(`{"op":"insert","after":{"id":3,"note":[3,4]}}`)
	server.Exec(`ALTER TABLE moved DROP COLUMN note; INSERT INTO moved VALUES (4, 7)`)
	w.want(`{"op":"insert","after":{"id":4}}`)
	server.Exec(`ALTER TABLE moved RENAME TO moves; ALTER TABLE moves RENAME COLUMN id TO key; INSERT INTO moves VALUES (5, 7)`)
	if err := w.failed(); err == nil || flow.ClassOf(err) != flow.Fatal || !strings.Contains(err.Error(), "its changes have no column `id`, which must be there") {
		t.Errorf("a column that was renamed: %v", err)
	}
	w.close()
	server.Exec(`ALTER TABLE moves RENAME COLUMN key TO id; DROP TABLE moves; CREATE TABLE moves (id int PRIMARY KEY, note text)`)
	s, err := makeChanges(server, c, w.last, idNote...)
	must(t, err)
	if err := s.Open(t.Context()); err == nil || flow.ClassOf(err) != flow.Fatal || !strings.Contains(err.Error(), "is another table than the one that was read before") {
		t.Errorf("a table that was made anew: %v", err)
	}
	_ = s.Close(t.Context())
}

// What a server, a table, a publication or a slot lacks is said before anything is
// made or read, with what helps.
func TestChangesRefused(t *testing.T) {
	server := pgtest.New(t)
	server.Exec(`CREATE TABLE fine (id bigint PRIMARY KEY, note text); CREATE TABLE other (id bigint PRIMARY KEY);
CREATE TABLE keyless (id bigint, note text); CREATE TABLE none (id bigint PRIMARY KEY, note text); ALTER TABLE none REPLICA IDENTITY NOTHING;
CREATE UNLOGGED TABLE unlogged (id bigint PRIMARY KEY); CREATE VIEW view AS SELECT 1 AS id;
CREATE TABLE generated (id bigint PRIMARY KEY, note text GENERATED ALWAYS AS ('x') STORED); ALTER TABLE generated REPLICA IDENTITY FULL;
CREATE PUBLICATION others FOR TABLE other; CREATE PUBLICATION inserts FOR TABLE fine WITH (publish = 'insert');
CREATE TABLE parts (id bigint PRIMARY KEY, note text) PARTITION BY RANGE (id); CREATE TABLE parts_a PARTITION OF parts DEFAULT; CREATE PUBLICATION leaves FOR TABLE parts;
CREATE ROLE meek LOGIN; GRANT SELECT ON fine TO meek; CREATE TABLE secret (id bigint PRIMARY KEY); CREATE ROLE owner LOGIN; CREATE TABLE owned (id bigint PRIMARY KEY); ALTER TABLE owned OWNER TO owner; GRANT CREATE ON DATABASE postgres TO owner`)
	server.Exec(`SELECT pg_create_physical_replication_slot('physical')`)
	server.Exec(`SELECT pg_create_logical_replication_slot('foreign_one', 'test_decoding')`)
	server.Exec(`CREATE DATABASE elsewhere`)
	elsewhere, err := pgconn.Connect(t.Context(), strings.Replace(server.DSN(), "/postgres?", "/elsewhere?", 1))
	must(t, err)
	_, err = elsewhere.Exec(t.Context(), `CREATE TABLE far (id bigint PRIMARY KEY)`).ReadAll()
	must(t, err)
	must(t, elsewhere.Close(t.Context()))
	id := idNote[:1]
	must2 := []connect.Column{{Name: "id", Type: "int64"}, {Name: "note", Type: "string"}}
	dsn := func(user, database string) string {
		return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", user, server.Port, database)
	}
	inUse := watch(t, server, SourceConfig{Table: "fine", Slot: "in_use"}, nil, id...)
	inUse.s.feed.replica.hurry()
	for _, c := range []struct {
		name    string
		config  SourceConfig
		columns []connect.Column
		want    string
	}{
		{"nowhere", SourceConfig{Table: "nowhere"}, id, "there is no table `nowhere`"},
		{"view", SourceConfig{Table: "view"}, id, "`view` is no table"},
		{"unlogged", SourceConfig{Table: "unlogged"}, id, `ALTER TABLE "unlogged" SET LOGGED`},
		{"keyless", SourceConfig{Table: "keyless"}, id, `ALTER TABLE "public"."keyless" REPLICA IDENTITY FULL, or give it a primary key`},
		{"nothing", SourceConfig{Table: "none"}, id, `ALTER TABLE "public"."none" REPLICA IDENTITY FULL`},
		{"column", SourceConfig{Table: "fine"}, []connect.Column{{Name: "x", Type: "int"}}, "it has no column `x`"},
		{"untold", SourceConfig{Table: "fine"}, must2, "a delete tells no more of its row than the key (its REPLICA IDENTITY), and `note` must be there: run ALTER TABLE \"public\".\"fine\" REPLICA IDENTITY FULL, or declare what may be missing (`note?:`)"},
		{"generated", SourceConfig{Table: "generated", Slot: "generated"}, must2, "does not publish the column `note`"},
		{"publication", SourceConfig{Table: "fine", Publication: "others"}, id, `ALTER PUBLICATION "others" ADD TABLE "public"."fine"`},
		{"inserts", SourceConfig{Table: "fine", Publication: "inserts"}, id, `ALTER PUBLICATION "inserts" SET (publish = 'insert, update, delete, truncate')`},
		{"leaves", SourceConfig{Table: "parts", Publication: "leaves"}, id, "SET (publish_via_partition_root = true)"},
		{"physical", SourceConfig{Table: "fine", Slot: "physical"}, id, "is that of a standby: give this source one of its own"},
		{"plugin", SourceConfig{Table: "fine", Slot: "foreign_one"}, id, "is another program's (its plugin is test_decoding)"},
		{"database", SourceConfig{DSN: dsn("postgres", "elsewhere"), Table: "far", Slot: "in_use"}, id, "is one of the database `postgres`: give this source one of its own"},
		{"owner", SourceConfig{DSN: dsn("meek", "postgres"), Table: "fine", Slot: "meek"}, id, `CREATE PUBLICATION "meek" FOR TABLE "public"."fine"`},
		{"secret", SourceConfig{DSN: dsn("meek", "postgres"), Table: "secret", Slot: "secret"}, id, `GRANT SELECT ON "public"."secret" TO "meek"`},
		{"right", SourceConfig{DSN: dsn("owner", "postgres"), Table: "owned", Slot: "owned"}, id, `ALTER ROLE "owner" REPLICATION`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.config.DSN == "" {
				c.config.DSN = server.DSN()
			}
			s, err := NewSource(c.config, connect.Input{Node: "in", Pipeline: "test", Changes: true, Columns: c.columns})
			must(t, err)
			defer s.Close(context.Background())
			err = s.Open(t.Context())
			if err == nil || flow.ClassOf(err) != flow.Fatal || !strings.Contains(strings.ReplaceAll(err.Error(), "\n", " "), c.want) {
				t.Errorf("not %q: %v", c.want, err)
			}
		})
	}
	if got := server.Exec(`SELECT slot_name FROM pg_replication_slots ORDER BY 1`); strings.Join(got, " ") != "foreign_one in_use physical" {
		t.Errorf("there are the slots %v: one was made for what was refused", got)
	}
	for _, c := range []struct {
		config SourceConfig
		want   string
	}{
		{SourceConfig{}, "give the table"}, {SourceConfig{Table: "t", Key: "id"}, "say how rows are read"}, {SourceConfig{Table: "t", Slot: "No-Slot"}, `"No-Slot" is no name of a slot`},
	} {
		if _, err := makeChanges(server, c.config, nil, id...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("not %q: %v", c.want, err)
		}
	}
	if _, err := NewSource(SourceConfig{DSN: server.DSN(), Table: "t", Key: "id", Slot: "s"}, connect.Input{}); err == nil {
		t.Error("a slot is taken for rows")
	}
	inUse.close()
	server = pgtest.New(t)
	server.Stop()
	server.Set("wal_level=replica")
	server.Start()
	s, err := makeChanges(server, SourceConfig{Table: "fine", Slot: "level"}, nil, id...)
	must(t, err)
	if err := s.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "ALTER SYSTEM SET wal_level = logical") {
		t.Errorf("wal_level replica: %v", err)
	}
	_ = s.Close(t.Context())
}

// The slot goes on with what is acknowledged, also where only others write; a
// position behind it, and a slot that is gone or lost, are errors and no loss.
func TestChangesSlot(t *testing.T) {
	server := pgtest.New(t)
	server.Stop()
	server.Set("wal_sender_timeout=1s")
	server.Set("max_slot_wal_keep_size=1MB")
	server.Start()
	server.Exec(`CREATE TABLE slotted (id bigint PRIMARY KEY, note text); CREATE TABLE noise (t text)`)
	c := SourceConfig{Table: "slotted", Slot: "slotted"}
	w := watch(t, server, c, nil, idNote...)
	server.Exec(`INSERT INTO slotted VALUES (1)`)
	w.want(`{"op":"insert","after":{"id":1}}`)
	first := w.last
	confirmed := func() lsn {
		at, err := parseLSN(server.Exec(`SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'slotted'`)[0])
		must(t, err)
		return at
	}
	eventually := func(what string, is func() bool) {
		t.Helper()
		for range 1000 {
			if is() {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatalf("it did not come to pass that %s", what)
	}
	ack := func() { must(t, w.s.Ack(t.Context(), map[string]any{"": w.last})) }
	ack()
	eventually("what is acknowledged is confirmed", func() bool { return confirmed() >= first.lsn })
	server.Exec(`INSERT INTO noise SELECT repeat('x', 1000) FROM generate_series(1, 300)`)
	before := w.last.lsn
	for w.last.lsn < before+100_000 { // only a position comes
		b := &flow.Batch{}
		must(t, w.s.Read(t.Context(), b))
		if len(b.Data) > 0 || b.OnDone == nil {
			t.Fatalf("of others' changes comes %q", b.Data)
		}
		b.OnDone(nil)
		w.last = b.Position.(*position)
	}
	ack()
	eventually("the slot goes on with what others write", func() bool { return confirmed() >= w.last.lsn })

	// The connection is kept while nobody reads, longer than the server waits.
	time.Sleep(2500 * time.Millisecond)
	if got := server.Exec(`SELECT active FROM pg_replication_slots WHERE slot_name = 'slotted'`)[0]; got != "t" {
		t.Error("the server gave up a program that stands still")
	}
	server.Exec(`INSERT INTO slotted VALUES (2)`)
	w.want(`{"op":"insert","after":{"id":2}}`)
	last := w.last
	w.close()

	refused := func(from *position, want string) {
		t.Helper()
		s, err := makeChanges(server, c, from, idNote...)
		must(t, err)
		defer s.Close(context.Background())
		if err := s.Open(t.Context()); err == nil || flow.ClassOf(err) != flow.Fatal || !strings.Contains(err.Error(), want) {
			t.Errorf("not %q: %v", want, err)
		}
	}
	refused(first, "the server has let go of the changes before")
	// Without a checkpoint the table is read anew, and what follows comes once.
	server.Exec(`INSERT INTO slotted VALUES (3)`)
	fresh := watch(t, server, c, nil, idNote...)
	fresh.want(`{"op":"read","after":{"id":1}}`, `{"op":"read","after":{"id":2}}`, `{"op":"read","after":{"id":3}}`)
	server.Exec(`INSERT INTO slotted VALUES (4)`)
	fresh.want(`{"op":"insert","after":{"id":4}}`)
	fresh.close()
	for range 3 {
		server.Exec(`INSERT INTO noise SELECT repeat('x', 1000) FROM generate_series(1, 20000); SELECT pg_switch_wal()`)
	}
	server.Exec(`CHECKPOINT`)
	refused(last, "is lost: the server needed the space of what it kept (max_slot_wal_keep_size). Drop it (SELECT pg_drop_replication_slot('slotted'))")
	dropSlot(t, server, "slotted")
	refused(last, "the replication slot `slotted` is gone, and with it the changes since")
}
