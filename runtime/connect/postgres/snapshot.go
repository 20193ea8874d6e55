package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/table"
)

// A snapshot is the rows that are there at first, in an order in which reading can
// go on after a crash: leaf by leaf, and in each by the places of the rows. A row
// stays in its place until it changes, and what has changed comes with the changes.
type snapshot struct {
	server *server
	table  *published
	// behind is the row that was read last in an earlier run; nil where this is the
	// first.
	behind *snapshotState
	// fresh is a condition that leaves out what has come since the first snapshot
	// was taken, "" where there is none.
	fresh string
	start lsn
	taken time.Time
}

// begin opens the transaction that the rows are read in: with a snapshot that the
// server has exported, or one of now. It gives which transactions it shows, and
// where the log is.
func (s *snapshot) begin(ctx context.Context, exported string) (shows string, end lsn, err error) {
	sql := "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
	if exported != "" {
		sql += "SET TRANSACTION SNAPSHOT '" + strings.ReplaceAll(exported, "'", "''") + "'; "
	}
	// Rows come in the order of their places only from a scan that begins at the
	// begin. Policies on rows must not hide some: changes come of all.
	rows, err := s.server.exec(ctx, sql+`SET LOCAL synchronize_seqscans = off; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL row_security = off;
SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
SELECT txid_current_snapshot(), pg_current_wal_insert_lsn(), now()`)
	if err != nil {
		return "", 0, asConfig(err)
	}
	if end, err = parseLSN(string(rows[0][1])); err != nil {
		return "", 0, err
	}
	s.taken, err = time.Parse("2006-01-02 15:04:05.999999", strings.TrimSuffix(string(rows[0][2]), "+00"))
	return string(rows[0][0]), end, err
}

// without sets the condition that leaves out what has come since an earlier
// snapshot: now is what the one shows in which rows are read. Its numbers of
// transactions tell that only as long as the server has not begun to count anew.
func (s *snapshot) without(then, now string) error {
	old, err := parseVisibility(then)
	if err != nil {
		return err
	}
	current, err := parseVisibility(now)
	if err != nil || current.xmax >= 1<<32 || current.xmax < old.xmax {
		return err
	}
	s.fresh = fmt.Sprintf("NOT (xmin::text::bigint >= %d AND xmin::text::bigint < %d", old.xmax, current.xmax)
	for xid := range old.open {
		s.fresh += fmt.Sprintf(" OR xmin::text::bigint = %d", xid)
	}
	s.fresh += ")"
	return nil
}

// read reads all rows, and gives the position behind them.
func (s *snapshot) read(ctx context.Context, f *feed) (*position, error) {
	for i := range s.table.leaves {
		l := &s.table.leaves[i]
		if s.behind != nil && l.oid < s.behind.Leaf {
			continue
		}
		if err := s.leaf(ctx, f, l); err != nil {
			return nil, err
		}
	}
	if _, err := s.server.exec(ctx, "COMMIT"); err != nil {
		return nil, err
	}
	return at(s.table.oid, s.start, 0, &snapshotState{Shows: f.shows, End: f.shownTo.String(), Done: true}), nil
}

// leaf reads the rows of one leaf.
func (s *snapshot) leaf(ctx context.Context, f *feed, l *leaf) error {
	list := []string{"ctid"}
	for _, c := range f.writer.columns {
		list = append(list, table.Quote(c.name))
	}
	var where []string
	last := int64(-1)
	if b := s.behind; b != nil && b.Leaf == l.oid && b.File == l.file {
		at, err := rowNumber(b.Row)
		if err != nil {
			return err
		}
		last = at
		where = append(where, "ctid > '"+rowText(at)+"'::tid")
	}
	if s.fresh != "" {
		where = append(where, s.fresh)
	}
	if s.table.filter != "" {
		where = append(where, "("+s.table.filter+")")
	}
	sql := "SELECT " + strings.Join(list, ", ") + " FROM ONLY " + l.sql
	if len(where) > 0 {
		sql += " WHERE " + strings.Join(where, " AND ")
	}
	tx := &transaction{commit: s.start, time: s.taken, leaf: l}
	rows := s.server.conn.ExecParams(ctx, sql, nil, nil, nil, nil)
	for rows.NextRow() {
		row := rows.Values()
		n, err := rowNumber(string(row[0]))
		if err == nil && n <= last {
			err = &table.ConfigError{Err: fmt.Errorf("%s: the rows of %s do not come in their order, in which reading could go on: it is kept in a way that is not known here", s.server.address(), l.sql)}
		}
		last = n
		if err == nil {
			err = f.add(ctx, mark{n: n, tx: tx}, func(dst []byte) ([]byte, error) { return f.writer.read(dst, row), nil })
		}
		if err != nil {
			s.server.close() // else the rest would have to be read first
			return err
		}
	}
	_, err := rows.Close()
	return asConfig(s.server.failed(ctx, err))
}

// columns has the writer read rows of the columns that are wanted and there.
func (s *snapshot) columns(ctx context.Context, w *changeWriter) error {
	rows, err := s.server.query(ctx, "SELECT attname, atttypid FROM pg_attribute WHERE attrelid = $1::text::oid AND attnum > 0 AND NOT attisdropped", number(s.table.oid))
	if err != nil {
		return err
	}
	w.columns = w.columns[:0]
	for _, r := range rows {
		name := string(r[0])
		if i := indexOf(w.wanted, name); i >= 0 && s.table.publishes(name) {
			if err := w.column(ctx, len(w.columns)+1, oidOf(r[1]), w.wanted[i]); err != nil { // behind the row's place
				return err
			}
		}
	}
	return nil
}

func indexOf(columns []connect.Column, name string) int {
	for i, c := range columns {
		if c.Name == name {
			return i
		}
	}
	return -1
}

// A row's place in its table is the number of a page and a number in that, (3,17).
// As one number it is page<<16 + number.
func rowNumber(text string) (int64, error) {
	page, row, ok := strings.Cut(strings.Trim(text, "()"), ",")
	a, errPage := strconv.ParseUint(page, 10, 32)
	b, errRow := strconv.ParseUint(row, 10, 16)
	if !ok || errPage != nil || errRow != nil {
		return 0, fmt.Errorf("%q is no place of a row", text)
	}
	return int64(a<<16 | b), nil
}

func rowText(n int64) string { return fmt.Sprintf("(%d,%d)", n>>16, n&0xffff) }
