package file

import (
	"errors"
	"fmt"
	"os"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// What a target does where it is a Parquet file: see table.

// group writes the rows that wait as a row group. If it can't, they go on waiting.
func (t *target) group() error {
	if t.table.count == 0 {
		return nil
	}
	if err := t.reopen(); err != nil {
		return classify(err)
	}
	at := t.length
	if at == 0 {
		if _, err := t.file.WriteAt([]byte(connect.ParquetMagic), 0); err != nil {
			return classify(err)
		}
		at = int64(len(connect.ParquetMagic))
	}
	g, err := t.table.write(&placed{t.file, at}, at)
	if err != nil {
		_ = t.file.Truncate(t.length) // what is behind the length is overwritten in any case
		return classify(err)
	}
	t.length, t.dirty = at+g.Bytes, true
	return t.table.next(g)
}

// A placed writer writes to a place in a file.
type placed struct {
	file *os.File
	at   int64
}

func (p *placed) Write(b []byte) (int, error) {
	n, err := p.file.WriteAt(b, p.at)
	p.at += int64(n)
	return n, err
}

// endTable writes what is behind the last row of a Parquet file into the buffer.
func (t *target) endTable() error {
	if err := t.group(); err != nil {
		return err
	}
	at, head := t.length, ""
	if at == 0 { // there are no rows
		head = connect.ParquetMagic
		at = int64(len(head))
	}
	tail, err := t.table.writer.Footer(t.table.groups, at)
	if err != nil {
		return &lostError{err}
	}
	t.dirty = true
	t.whole = t.length
	t.buffer = append(append(t.buffer, head...), tail...)
	return nil
}

// restoreTable goes back to the row groups and rows of a checkpoint. The file has
// size bytes. whole tells that it has its end.
func (t *target) restoreTable(at saved, size int64) (whole bool, err error) {
	rows := at.Rows
	if rows == nil {
		rows = &savedRows{}
	}
	if rows.Columns != t.table.writer.Columns() && (at.Length > 0 || rows.Count > 0) {
		return false, errors.New("it was begun with other columns, or with other options of `parquet`: take these back, or start over with --fresh")
	}
	groups, err := t.table.writer.Groups(t.file, at.Length)
	if err != nil {
		return false, err
	}
	there, err := t.table.restore(rows)
	if err != nil {
		return false, err
	}
	t.length = at.Length
	if !there {
		// It went when the file was whole, and published. Its rows are behind
		// those of the checkpoint, and nothing came after them.
		var end int64
		before := rowsOf(groups)
		if groups, end, err = t.table.writer.Whole(t.file, size); err != nil || rowsOf(groups) != before+rows.Count {
			return false, errors.Join(fmt.Errorf("the %d records that wait for their row group in %s are gone: put that file back, or start over with --fresh", rows.Count, rowsName(t.place, rows.Number)), err)
		}
		t.length = end
	}
	t.table.groups = groups
	t.records = len(groups) > 0 || t.table.count > 0
	return !there, nil
}

func rowsOf(groups []connect.ParquetGroup) int64 {
	n := int64(0)
	for _, g := range groups {
		n += g.Rows
	}
	return n
}
