package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A feed reads ahead: first the rows that are there, then what becomes of them. Its
// goroutine fills one block while the program works on another, and stands still
// when the block is full.
type feed struct {
	publication string
	replica     *replica
	writer      *changeWriter
	cancel      context.CancelFunc
	ended       chan struct{} // closed when the goroutine is gone
	// snapshot is the transaction in which rows are read, in that of server; nil
	// where they were read.
	snapshot *snapshot
	// shows are the transactions that the first snapshot shows, which are not read
	// once more: their commits lie before shownTo. "" and nil where none are left.
	shows   string
	shown   *visibility
	shownTo lsn

	mu sync.Mutex
	// block is what waits for the program, ready and space that there is some, and
	// that there is room.
	block block
	err   error // of the goroutine, once it has ended
	ready chan struct{}
	space chan struct{}
}

// A block is changes that wait, with what is known of each.
type block struct {
	data  []byte
	marks []mark
	// tail is where reading goes on behind all of them, where that says more than
	// the position of the last.
	tail *position
	// whole tells that a transaction has come to its end. Others wait for theirs, or
	// until there is enough to be worth it.
	whole bool
}

func (k *block) ready() bool { return k.whole || len(k.data) >= flow.BlockSize/2 }

// A mark is where a change ends in the block, and which one of its transaction it
// is; of a row of a snapshot where the row stands in its leaf.
type mark struct {
	end int
	n   int64
	tx  *transaction
}

// A transaction is what the changes of one have in common, or the rows of a leaf
// that were there at first.
type transaction struct {
	commit lsn
	time   time.Time
	xid    uint32
	leaf   *leaf // nil for changes
}

// position is where reading goes on behind a change.
func (f *feed) position(m *mark) *position {
	if l := m.tx.leaf; l != nil {
		s := &snapshotState{Shows: f.shows, End: f.shownTo.String(), Leaf: l.oid, File: l.file, Row: rowText(m.n)}
		return at(f.writer.table.oid, m.tx.commit, 0, s)
	}
	return at(f.writer.table.oid, m.tx.commit, m.n, f.state(m.tx.commit))
}

// state is what is to be remembered of the snapshot at a place in the log.
func (f *feed) state(l lsn) *snapshotState {
	if f.shown == nil || l >= f.shownTo {
		return nil
	}
	return &snapshotState{Shows: f.shows, End: f.shownTo.String(), Done: true}
}

// run reads until the context ends or something fails.
func (f *feed) run(ctx context.Context, from *position) {
	defer close(f.ended)
	err := f.read(ctx, from)
	f.mu.Lock()
	f.err = err
	f.mu.Unlock()
	signal(f.ready)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (f *feed) read(ctx context.Context, from *position) error {
	if f.snapshot != nil {
		next, err := f.snapshot.read(ctx, f)
		if err != nil {
			return err
		}
		from = next
		if !f.advance(ctx, next) {
			return ctx.Err()
		}
	}
	f.writer.server.close() // it is needed no more, but for types that are new
	if err := f.replica.start(ctx, from.lsn, f.publication); err != nil {
		return err
	}
	telling, stop := context.WithCancel(ctx)
	go f.replica.tell(telling)
	conn := f.replica.server.conn.Conn()
	unwatch := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	err := f.stream(ctx, from)
	unwatch()
	stop()
	<-f.replica.done
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// stream reads changes, from a position on.
func (f *feed) stream(ctx context.Context, from *position) error {
	var (
		tx      *transaction // that is open, nil between two
		n       int64        // its changes so far
		skip    int64        // how many of them were read before
		shown   bool         // the snapshot shows the transaction
		message rowChange
		marked  time.Time // when the program was told last that nothing came
		reached = from.lsn
	)
	write := func(do func(dst []byte) ([]byte, error)) error {
		if n++; n <= skip || shown {
			return nil
		}
		return f.add(ctx, mark{n: n, tx: tx}, do)
	}
	for {
		in, err := f.replica.receive()
		if err != nil {
			return err
		}
		if in.changes == nil {
			if in.answer {
				f.replica.hurry()
			}
			// Between two transactions everything before the server's place was sent: so
			// the slot goes on also while only others write. It is told at times alone,
			// because each is a checkpoint.
			if tx == nil && in.end > reached && (in.answer || time.Since(marked) > time.Second) {
				reached, marked = in.end, time.Now()
				if !f.advance(ctx, at(f.writer.table.oid, in.end, 0, f.state(in.end))) {
					return ctx.Err()
				}
			}
			continue
		}
		m, err := decodeMessage(in.changes, &message)
		if err != nil {
			return fmt.Errorf("%s: %w", f.replica.server.address(), err)
		}
		switch m := m.(type) {
		case *begin:
			tx = &transaction{commit: m.commit, time: serverTime(m.micros), xid: m.xid}
			n, skip = 0, 0
			if from.N > 0 && m.commit == from.lsn {
				skip = from.N
			}
			shown = f.shown != nil && m.commit < f.shownTo && f.shown.shows(m.xid)
		case *commit:
			tx = nil
			if n == 0 && time.Since(marked) < time.Second {
				continue
			}
			if reached = max(reached, m.end); n == 0 {
				marked = time.Now()
			}
			if !f.advance(ctx, at(f.writer.table.oid, reached, 0, f.state(reached))) {
				return ctx.Err()
			}
		case *relation:
			if m.id == f.writer.table.oid {
				if err := f.writer.relation(ctx, m); err != nil {
					return err
				}
			}
		case *rowChange:
			if m.relation == f.writer.table.oid {
				err = write(func(dst []byte) ([]byte, error) { return f.writer.change(dst, m) })
			}
		case *truncation:
			for _, id := range m.relations {
				if id == f.writer.table.oid {
					err = write(func(dst []byte) ([]byte, error) { return append(dst, "{\"op\":\"truncate\"}\n"...), nil })
				}
			}
		}
		if err != nil {
			return err
		}
	}
}

// add adds a record to the block, when there is room.
func (f *feed) add(ctx context.Context, m mark, do func(dst []byte) ([]byte, error)) error {
	if !f.wait(ctx) {
		return ctx.Err()
	}
	defer f.mu.Unlock()
	length := len(f.block.data)
	data, err := do(f.block.data)
	if err != nil {
		f.block.data = data[:length]
		return err
	}
	f.block.data, f.block.tail = data, nil
	m.end = len(data)
	f.block.marks = append(f.block.marks, m)
	if f.block.ready() {
		signal(f.ready)
	}
	return nil
}

// wait waits for room in the block, and holds it.
func (f *feed) wait(ctx context.Context) bool {
	for {
		f.mu.Lock()
		if len(f.block.data) < flow.BlockSize {
			return true
		}
		f.mu.Unlock()
		select {
		case <-f.space:
		case <-ctx.Done():
			return false
		}
	}
}

// advance notes where reading goes on behind all that is in the block.
func (f *feed) advance(ctx context.Context, p *position) bool {
	if ctx.Err() != nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.block.tail, f.block.whole = p, true
	signal(f.ready)
	return true
}

// take gives the program what waits: limit records at most where that is not 0. It
// waits until there is something.
func (f *feed) take(ctx context.Context, b *flow.Batch) (*position, error) {
	for {
		f.mu.Lock()
		if f.block.ready() || f.err != nil && len(f.block.marks) > 0 {
			p := f.hand(b)
			f.mu.Unlock()
			signal(f.space)
			return p, nil
		}
		err := f.err
		f.mu.Unlock()
		if err != nil {
			return nil, err
		}
		select {
		case <-f.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// hand moves records from the block to a batch.
func (f *feed) hand(b *flow.Batch) *position {
	k := &f.block
	n := len(k.marks)
	if b.Limit > 0 {
		n = min(n, b.Limit)
	}
	var p *position
	end := 0
	if n > 0 {
		p, end = f.position(&k.marks[n-1]), k.marks[n-1].end
	}
	beside := notesOf(b)
	beside.table = f.writer.table.String()
	start := 0
	for _, m := range k.marks[:n] {
		beside.add(start, m.tx, m.n)
		start = m.end
	}
	b.Grow(end)
	b.Data = append(b.Data, k.data[:end]...)
	if n == len(k.marks) && k.tail != nil {
		p, k.tail = k.tail, nil
	}
	k.data = k.data[:copy(k.data, k.data[end:])]
	rest := k.marks[n:]
	for i := range rest {
		rest[i].end -= end
	}
	k.marks = k.marks[:copy(k.marks, rest)]
	k.whole = k.whole && len(rest) > 0
	if cap(k.data) > 4*flow.BlockSize && len(k.data) == 0 {
		k.data = nil // a long record passed
	}
	return p
}

// close ends the goroutine and lets go of the connections.
func (f *feed) close() {
	f.cancel()
	<-f.ended
	f.writer.server.close()
	f.replica.close()
}
