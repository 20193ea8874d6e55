package postgres

import (
	"bytes"
	"context"

	"github.com/jackc/pgx/v5/pgproto3"
)

// smallCopy is the most bytes that are sent without looking whether the server says
// something meanwhile. They fit into what a socket takes that nobody reads, so that
// a server that waits for its notices to be read can't be waited for.
const smallCopy = 32 << 10

// copySmall runs statements, the last of which is a COPY, with its lines in one round
// trip: smallCopy of them at most, rows in COPY's text form. It returns the rows of the
// statement before it, where that has some. A server that refuses one of the statements
// passes over the lines.
func (s *server) copySmall(ctx context.Context, sql string, lines []byte) (rows [][][]byte, err error) {
	answer := s.conn.Exec(ctx, sql)
	if s.conn.IsBusy() { // the statements are sent
		f := s.conn.Frontend()
		f.Send(&pgproto3.CopyData{Data: lines})
		f.Send(&pgproto3.CopyDone{})
		if err := f.Flush(); err != nil {
			if _, said := s.rows(ctx, answer); said != nil { // why it is gone
				return nil, said
			}
			s.close()
			return nil, s.failed(ctx, err)
		}
	}
	return s.rows(ctx, answer)
}

// copyLarge is copySmall for any number of lines, and has no rows.
func (s *server) copyLarge(ctx context.Context, sql string, lines []byte) error {
	_, err := s.conn.CopyFrom(ctx, bytes.NewReader(lines), sql)
	return s.failed(ctx, err)
}
