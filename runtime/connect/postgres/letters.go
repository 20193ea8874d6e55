package postgres

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect/table"
)

// letterPage is how many letters are fetched at once.
const letterPage = 256

// Letters gives back the dead letters, the oldest first. It has a connection of its
// own, so it may be called while the sink writes, and holds nobody up. That there is
// no table yet is no error.
func (s *Sink) Letters(ctx context.Context, yield func(letter []byte) error) error {
	from, err := newServer(s.config.dsn())
	if err != nil {
		return err
	}
	if err := from.connect(ctx); err != nil {
		return err
	}
	defer from.close()
	have, err := from.tableColumns(ctx, s.config.Table)
	if err != nil || len(have) == 0 {
		return err
	}
	if _, err := from.fits(ctx, s.config.Table, have, table.LetterColumns(), nil); err != nil {
		return err
	}
	names := strings.Replace(table.LetterNames(), `"data"`, `encode("data", 'hex')`, 1)
	_, err = from.exec(ctx, "BEGIN READ ONLY; DECLARE letters NO SCROLL CURSOR FOR SELECT "+names+" FROM "+TableName(s.config.Table)+` ORDER BY "time", id`)
	if err != nil {
		return err
	}
	for {
		rows, err := from.exec(ctx, fmt.Sprintf("FETCH %d FROM letters", letterPage))
		if err != nil {
			return err
		}
		for _, r := range rows {
			// The session's time zone is UTC; in a column of texts it is RFC 3339 already.
			if t, err := time.Parse("2006-01-02 15:04:05.999999", strings.TrimSuffix(string(r[1]), "+00")); err == nil {
				r[1] = t.AppendFormat(nil, time.RFC3339Nano)
			}
			if r[12] != nil {
				r[12], _ = hex.AppendDecode(nil, r[12]) // digits of the server's own
			}
			if err := yield(table.ReadLetter(r)); err != nil {
				return err
			}
		}
		if len(rows) < letterPage {
			return nil
		}
	}
}
