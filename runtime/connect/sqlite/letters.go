package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect/table"
)

// letterPage is how many letters are read at once: nobody who writes waits longer
// than that takes.
const letterPage = 256

// Letters gives back the dead letters, in the order in which they were written.
// That there is no file or table yet is no error.
func (s *Sink) Letters(ctx context.Context, yield func(letter []byte) error) (err error) {
	if _, err := os.Stat(s.config.Path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	c, err := open(s.config.Path, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := c.exec("PRAGMA query_only = 1"); err != nil {
		return err
	}
	have, err := c.tableColumns(s.config.Table)
	if err != nil || len(have) == 0 {
		return err
	}
	if _, err := c.fits(s.config.Table, have, table.LetterColumns(), nil); err != nil {
		return err
	}
	names := strings.Split(table.LetterNames(), ", ")
	// Columns under a plus have no declared type, and so their values come as they
	// are stored.
	sql := "SELECT rowid, +" + strings.Join(names, ", +") + " FROM " + table.Quote(s.config.Table) + " WHERE rowid > ? ORDER BY rowid LIMIT " + strconv.Itoa(letterPage)
	for last := int64(minRow); ; {
		var letters [][]byte
		rows := 0
		err := c.query(ctx, sql, values(last), func(row []driver.Value) (bool, error) {
			last, _ = row[0].(int64)
			rows++
			cells := make([][]byte, len(row)-1)
			for i, v := range row[1:] {
				cells[i] = cell(v)
			}
			letters = append(letters, table.ReadLetter(cells))
			return true, nil
		})
		if err != nil {
			return err
		}
		for _, l := range letters {
			if err := yield(l); err != nil {
				return err
			}
		}
		if rows < letterPage {
			return nil
		}
	}
}

// minRow is before the first row that a table can have.
const minRow = -1 << 63

// cell is a value as text, or as its bytes.
func cell(v driver.Value) []byte {
	switch v := v.(type) {
	case nil:
		return nil
	case []byte:
		return v
	case string:
		return []byte(v)
	case int64:
		return strconv.AppendInt(nil, v, 10)
	case time.Time:
		return v.AppendFormat(nil, time.RFC3339Nano)
	}
	return fmt.Append(nil, v)
}
