package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/table"
)

// A published table is the table whose changes are read, as the server knows it.
type published struct {
	oid             uint32
	namespace, name string
	// leaves are the parts that hold rows, in the order of their numbers: its
	// partitions, or the table itself.
	leaves []leaf
	// filter is the publication's condition on rows, "" for none, and columns are
	// those that it publishes; nil where the server does not say so.
	filter  string
	columns []string
	// generated are columns that the server makes and does not publish.
	generated []string
	// told are the columns of which deletes tell; nil where that is all of them.
	told []string
	// exact tells that updates come with all that the records hold of a row.
	exact bool
}

// A leaf is a table that holds rows.
type leaf struct {
	oid, file uint32
	sql       string // its name
}

// publishes tells whether changes have a column.
func (p *published) publishes(column string) bool {
	return (p.columns == nil || slices.Contains(p.columns, column)) && !slices.Contains(p.generated, column)
}

func (p *published) String() string { return p.namespace + "." + p.name }

// slotName is the name of a slot and a publication that nobody chose: what can't
// stand in one is a line, and a long one ends with what tells it from others.
func slotName(pipeline, node string) string {
	const longest = 63
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower("flowc_"+pipeline+"_"+node))
	if len(name) <= longest {
		return name
	}
	sum := sha256.Sum256([]byte(pipeline + "\x00" + node))
	return name[:longest-9] + "_" + hex.EncodeToString(sum[:4])
}

func checkSlotName(name string) error {
	if name == "" || len(name) > 63 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return fmt.Errorf("slot: %q is no name of a slot: it has small letters, digits and _, 63 at most", name)
	}
	return nil
}

// find finds the table, and checks that the server can tell its changes to the
// records.
func (s *server) find(ctx context.Context, name string, columns []connect.Column) (*published, error) {
	wrong := func(format string, args ...any) error {
		return &table.ConfigError{Err: fmt.Errorf("%s: %s", s.address(), fmt.Sprintf(format, args...))}
	}
	settings, err := s.query(ctx, "SELECT current_setting('wal_level'), current_setting('server_version_num')")
	if err != nil {
		return nil, err
	}
	if level := string(settings[0][0]); level != "logical" {
		return nil, wrong("the server keeps no log of changes that others can read (wal_level is %s): run ALTER SYSTEM SET wal_level = logical, and start the server anew", level)
	}
	rows, err := s.query(ctx, `SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1::text)`, TableName(name))
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, wrong("there is no table `%s`", name)
	}
	p := &published{oid: oidOf(rows[0][0]), namespace: string(rows[0][1]), name: string(rows[0][2])}
	switch kind, persistence := rows[0][3][0], rows[0][4][0]; {
	case kind != 'r' && kind != 'p':
		return nil, wrong("`%s` is no table, and only the changes of tables are kept", name)
	case persistence != 'p':
		return nil, wrong("`%s` is a table whose changes are not kept (UNLOGGED or TEMPORARY): run ALTER TABLE %s SET LOGGED", name, TableName(name))
	}
	rows, err = s.query(ctx, `SELECT c.oid, c.relfilenode, n.nspname, c.relname, c.relreplident, c.reltoastrelid <> 0, has_any_column_privilege(c.oid, 'SELECT'),
  (SELECT json_agg(a.attname) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
   WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'i' THEN i.indisreplident WHEN 'd' THEN i.indisprimary ELSE false END)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND (c.oid = $1::text::oid OR c.oid IN (SELECT relid FROM pg_partition_tree($1::text::oid::regclass))) ORDER BY c.oid`, number(p.oid))
	if err != nil {
		return nil, err
	}
	have, err := s.tableColumns(ctx, name)
	if err != nil {
		return nil, err
	}
	if version, _ := strconv.Atoi(string(settings[0][1])); version < 180000 {
		made, err := s.query(ctx, "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::oid AND attgenerated <> ''", number(p.oid))
		if err != nil {
			return nil, err
		}
		for _, r := range made {
			p.generated = append(p.generated, string(r[0]))
		}
	}
	p.exact = true
	var problems []string
	for _, c := range columns {
		if !c.Optional && !slices.ContainsFunc(have, func(h column) bool { return h.name == c.Name }) {
			problems = append(problems, "it has no column `"+c.Name+"`")
		}
	}
	for _, r := range rows {
		l := leaf{oid: oidOf(r[0]), file: oidOf(r[1]), sql: table.Quote(string(r[2])) + "." + table.Quote(string(r[3]))}
		p.leaves = append(p.leaves, l)
		if string(r[6]) != "t" {
			problems = append(problems, "the user may not read it: run GRANT SELECT ON "+l.sql+" TO "+table.Quote(s.config.User))
			continue
		}
		if string(r[4]) == "f" {
			continue
		}
		if r[7] == nil {
			// With a publication the server would refuse updates and deletes from then
			// on.
			problems = append(problems, "nothing tells which row an update or a delete is of (its REPLICA IDENTITY): run ALTER TABLE "+l.sql+" REPLICA IDENTITY FULL, or give it a primary key")
			continue
		}
		if string(r[5]) == "t" {
			p.exact = false
		}
		var identity []string
		if err := json.Unmarshal(r[7], &identity); err != nil {
			return nil, wrong("the key of `%s` has no names: %v", name, err)
		}
		if p.told == nil {
			p.told = identity
		}
		p.told = slices.DeleteFunc(p.told, func(name string) bool { return !slices.Contains(identity, name) })
		if missing := untold(columns, identity); len(missing) > 0 {
			problems = append(problems, untoldProblem(l.sql, missing))
		}
	}
	if len(problems) > 0 {
		return nil, &table.Misfit{Table: "`" + name + "` at " + s.address(), Problems: problems}
	}
	return p, nil
}

// untold are the fields that must be there, and are not in what a delete tells of
// its row.
func untold(columns []connect.Column, identity []string) []string {
	var out []string
	for _, c := range columns {
		if !c.Optional && !slices.Contains(identity, c.Name) {
			out = append(out, c.Name)
		}
	}
	return out
}

func untoldProblem(sql string, missing []string) string {
	return fmt.Sprintf("a delete tells no more of its row than the key (its REPLICA IDENTITY), and `%s` must be there: run ALTER TABLE %s REPLICA IDENTITY FULL, or declare what may be missing (`%s?:`)",
		strings.Join(missing, "`, `"), sql, missing[0])
}

// publish makes the publication, or checks that it publishes the table.
func (s *server) publish(ctx context.Context, name string, p *published, columns []connect.Column) error {
	wrong := func(format string, args ...any) error {
		return &table.ConfigError{Err: fmt.Errorf("%s: the publication `%s` %s", s.address(), name, fmt.Sprintf(format, args...))}
	}
	look := func() ([][][]byte, error) {
		return s.query(ctx, "SELECT pubinsert AND pubupdate AND pubdelete AND pubtruncate FROM pg_publication WHERE pubname = $1", name)
	}
	rows, err := look()
	if err != nil {
		return err
	}
	sql := table.Quote(p.namespace) + "." + table.Quote(p.name)
	if len(rows) == 0 {
		_, err := s.exec(ctx, "CREATE PUBLICATION "+table.Quote(name)+" FOR TABLE "+sql+" WITH (publish_via_partition_root = true)")
		if code(err) == "42710" { // somebody was quicker
			err = nil
		}
		if code(err) == "42501" {
			err = &table.ConfigError{Err: fmt.Errorf("%w; the table's owner, who may create in the database, can make it: CREATE PUBLICATION %s FOR TABLE %s WITH (publish_via_partition_root = true)", err, table.Quote(name), sql)}
		}
		if err != nil {
			return err
		}
		if rows, err = look(); err != nil {
			return err
		}
	}
	if len(rows) == 0 || string(rows[0][0]) != "t" {
		return wrong("leaves some changes out: run ALTER PUBLICATION %s SET (publish = 'insert, update, delete, truncate')", table.Quote(name))
	}
	rows, err = s.query(ctx, "SELECT to_jsonb(t)->>'rowfilter', to_jsonb(t)->>'attnames' FROM pg_publication_tables t WHERE pubname = $1 AND schemaname = $2 AND tablename = $3", name, p.namespace, p.name)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		if len(p.leaves) > 1 || len(p.leaves) == 1 && p.leaves[0].oid != p.oid {
			return wrong("does not publish `%s` as one table: run ALTER PUBLICATION %s ADD TABLE %s, or SET (publish_via_partition_root = true)", p, table.Quote(name), sql)
		}
		return wrong("does not publish `%s`: run ALTER PUBLICATION %s ADD TABLE %s", p, table.Quote(name), sql)
	}
	p.filter = string(rows[0][0])
	if rows[0][1] != nil { // since PostgreSQL 15
		if err := json.Unmarshal(rows[0][1], &p.columns); err != nil {
			return wrong("has columns without names: %v", err)
		}
	}
	for _, c := range columns {
		if !c.Optional && !p.publishes(c.Name) {
			return wrong("does not publish the column `%s` of `%s`: it is not among those that it lists, or is generated, and such are not published. Declare it as `%s?:`, or not at all", c.Name, p, c.Name)
		}
	}
	return nil
}

// code is what the server calls an error, "" for others.
func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// A slot is how far the server has been told that changes are safe.
type slot struct {
	confirmed lsn
}

// slot looks a slot up; nil where it is not there.
func (s *server) slot(ctx context.Context, name string) (*slot, error) {
	wrong := func(format string, args ...any) error {
		return &table.ConfigError{Err: fmt.Errorf("%s: the replication slot `%s` %s", s.address(), name, fmt.Sprintf(format, args...))}
	}
	rows, err := s.query(ctx, "SELECT slot_type, plugin, database = current_database(), confirmed_flush_lsn, to_jsonb(t)->>'wal_status', database, temporary FROM pg_replication_slots t WHERE slot_name = $1", name)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	r := rows[0]
	other := "give this source one of its own (`slot: …`)"
	switch {
	case string(r[0]) != "logical":
		return nil, wrong("is that of a standby: %s", other)
	case string(r[1]) != "pgoutput":
		return nil, wrong("is another program's (its plugin is %s): %s", r[1], other)
	case string(r[2]) != "t":
		return nil, wrong("is one of the database `%s`: %s", r[5], other)
	case string(r[6]) == "t":
		return nil, wrong("ends with the session that made it: %s", other)
	case string(r[4]) == "lost":
		return nil, wrong("is lost: the server needed the space of what it kept (max_slot_wal_keep_size). Drop it (SELECT pg_drop_replication_slot('%s')) and start with --fresh, which reads the table anew", name)
	case r[3] == nil:
		return nil, wrong("is not ready: another program is making it, or died when it did. Drop it (SELECT pg_drop_replication_slot('%s')) and start again", name)
	}
	confirmed, err := parseLSN(string(r[3]))
	if err != nil {
		return nil, wrong("has a place that is none: %v", err)
	}
	return &slot{confirmed}, nil
}
