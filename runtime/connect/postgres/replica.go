package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/flowc-dev/flowc/runtime/connect/table"
)

// A replica is a connection that the server sends changes over.
type replica struct {
	server *server // speaks the protocol of replication
	slot   string
	// every is how often the server is told that the program is there: it waits no
	// longer than its wal_sender_timeout.
	every time.Duration

	mu sync.Mutex
	// safe is how far the program has stored what came, 0 for what the server knows.
	safe lsn
	wake chan struct{}
	done chan struct{} // closed when nobody tells any more
}

// newReplica connects for replication to the server of another connection.
func newReplica(ctx context.Context, s *server, slot string) (*replica, error) {
	rows, err := s.query(ctx, "SELECT extract(epoch FROM current_setting('wal_sender_timeout')::interval) * 1000")
	if err != nil {
		return nil, err
	}
	s.refresh()
	config := s.config.Copy()
	config.RuntimeParams["replication"] = "database"
	r := &replica{server: &server{config: config, known: s.known}, slot: slot, every: 10 * time.Second, wake: make(chan struct{}, 1)}
	var millis float64
	if _, err := fmt.Sscan(string(rows[0][0]), &millis); err == nil && millis > 0 {
		r.every = min(r.every, time.Duration(millis)*time.Millisecond/4)
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, r.refused(r.server.failed(ctx, err))
	}
	r.server.conn = conn
	return r, nil
}

// refused adds what helps to an error of the server's.
func (r *replica) refused(err error) error {
	switch code(err) {
	case "42501", "28000":
		return &table.ConfigError{Err: fmt.Errorf("%w; the user needs the right to replicate: ALTER ROLE %s REPLICATION", err, table.Quote(r.server.config.User))}
	case "53400":
		return &table.ConfigError{Err: fmt.Errorf("%w; make room (max_replication_slots), or drop slots that nobody needs: SELECT slot_name FROM pg_replication_slots WHERE NOT active", err)}
	case "55006":
		return &table.GoneError{Err: fmt.Errorf("%w; another copy of the program reads it, or one that died a moment ago", err)}
	}
	return err
}

// create makes the slot, and gives the place from which on it has all changes, and
// a snapshot of what was there before. The snapshot is there for as long as nothing
// else is asked of the connection.
func (r *replica) create(ctx context.Context) (start lsn, snapshot string, err error) {
	rows, err := r.server.exec(ctx, "CREATE_REPLICATION_SLOT "+table.Quote(r.slot)+" LOGICAL pgoutput EXPORT_SNAPSHOT")
	if err != nil {
		return 0, "", r.refused(err)
	}
	start, err = parseLSN(string(rows[0][1]))
	return start, string(rows[0][2]), err
}

// start has the server send changes from a place on.
func (r *replica) start(ctx context.Context, from lsn, publication string) error {
	quoted := strings.ReplaceAll(table.Quote(publication), "'", "''")
	sql := fmt.Sprintf("START_REPLICATION SLOT %s LOGICAL %s (proto_version '1', publication_names '%s')", table.Quote(r.slot), from, quoted)
	// A program that was killed leaves its connection behind for a moment.
	for wait := 20 * time.Millisecond; ; wait *= 2 {
		err := r.copyBoth(ctx, sql)
		if err == nil {
			break
		}
		if code(err) != "55006" || wait > 2*time.Second {
			return r.refused(r.server.failed(ctx, err))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
	r.done = make(chan struct{})
	return nil
}

// copyBoth runs a command behind which both sides send what they like.
func (r *replica) copyBoth(ctx context.Context, sql string) error {
	conn := r.server.conn
	conn.Frontend().SendQuery(&pgproto3.Query{String: sql})
	if err := conn.Frontend().Flush(); err != nil {
		return err
	}
	var refused error
	for {
		m, err := conn.ReceiveMessage(ctx)
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case *pgproto3.CopyBothResponse:
			return nil
		case *pgproto3.ErrorResponse:
			refused = pgconn.ErrorResponseToPgError(m)
		case *pgproto3.ReadyForQuery:
			if refused == nil {
				refused = errors.New("the server does not begin to send changes")
			}
			return refused
		}
	}
}

// tell keeps telling the server that the program is there, and how far all is
// safe, until the context ends. The server needs to hear it also while nobody
// reads what it sends.
func (r *replica) tell(ctx context.Context) {
	defer close(r.done)
	t := time.NewTicker(r.every)
	defer t.Stop()
	for {
		r.mu.Lock()
		safe := r.safe
		r.mu.Unlock()
		if err := r.send(safe); err != nil {
			return // who reads finds out as well
		}
		select {
		case <-ctx.Done():
			r.mu.Lock()
			last := r.safe
			r.mu.Unlock()
			if last > safe {
				_ = r.send(last) // else the server keeps more than it has to
			}
			return
		case <-t.C:
		case <-r.wake:
		}
	}
}

// send tells the server what is safe.
func (r *replica) send(safe lsn) error {
	m := make([]byte, 0, 34)
	m = append(m, 'r')
	for range 3 { // written, flushed and applied
		m = binary.BigEndian.AppendUint64(m, uint64(safe))
	}
	m = binary.BigEndian.AppendUint64(m, uint64(time.Now().UnixMicro()-epoch.UnixMicro()))
	m = append(m, 0) // no answer is needed
	encoded, err := (&pgproto3.CopyData{Data: m}).Encode(nil)
	if err != nil {
		return err
	}
	return r.server.conn.Frontend().SendUnbufferedEncodedCopyData(encoded)
}

// ack notes that everything before a place is safe.
func (r *replica) ack(safe lsn) {
	r.mu.Lock()
	forward := safe > r.safe
	r.safe = max(r.safe, safe)
	r.mu.Unlock()
	if forward {
		r.hurry()
	}
}

// hurry has the server be told at once.
func (r *replica) hurry() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// A received message is changes, or tells how far the server has come.
type received struct {
	changes []byte // of pgoutput; nil for none
	// end is how far the server has come where there are no changes, and answer that
	// it wants to hear something.
	end    lsn
	answer bool
}

// receive waits for what the server sends. The bytes are there until the next call.
func (r *replica) receive() (received, error) {
	ctx := context.Background() // a context of its own would cost more than the message
	for {
		m, err := r.server.conn.ReceiveMessage(ctx)
		if err != nil {
			return received{}, r.explain(r.server.failed(ctx, err))
		}
		switch m := m.(type) {
		case *pgproto3.ErrorResponse:
			return received{}, r.explain(r.server.failed(ctx, pgconn.ErrorResponseToPgError(m)))
		case *pgproto3.CopyDone, *pgproto3.CommandComplete, *pgproto3.ReadyForQuery:
			return received{}, &table.GoneError{Err: fmt.Errorf("%s: the server ended the stream of changes", r.server.address())}
		case *pgproto3.CopyData:
			switch in := (&messageReader{rest: m.Data}); in.uint8() {
			case 'w':
				in.take(3 * 8) // where it begins, how far the server is, and its clock
				if in.err != nil {
					return received{}, in.err
				}
				return received{changes: in.rest}, nil
			case 'k':
				end := lsn(in.uint64())
				in.uint64()
				return received{end: end, answer: in.uint8() == 1}, in.err
			}
		}
	}
}

// explain adds what helps to an error in the middle of the stream.
func (r *replica) explain(err error) error {
	if code(err) == "42704" {
		return &table.ConfigError{Err: fmt.Errorf("%w; if the publication was made later than the slot, or once more, drop the slot (SELECT pg_drop_replication_slot('%s')) and start with --fresh, which reads the table anew", err, r.slot)}
	}
	return err
}

// close ends the connection.
func (r *replica) close() {
	if r != nil {
		r.server.close()
	}
}
