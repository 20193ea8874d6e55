package postgres

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// What follows reads the messages of pgoutput, the plugin that is a part of every
// server (https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html),
// in version 1 of its protocol: transactions come whole, in the order of their
// commits. Messages are views of the bytes that they are read from.

// A begin opens a transaction.
type begin struct {
	// commit is where its commit stands in the log.
	commit lsn
	micros int64 // when it was committed
	xid    uint32
}

// A commit ends one.
type commit struct {
	// end is where the log goes on behind it.
	end lsn
}

// A relation is a table as it is when the changes behind the message were made.
type relation struct {
	id              uint32
	namespace, name string
	identity        byte // f: all columns tell a row; d, i: those of a key; n: nothing does
	columns         []relationColumn
}

// A relationColumn is a column of it.
type relationColumn struct {
	name string
	oid  uint32
	key  bool // a part of the replica identity
}

// A rowChange is what became of a row. Tuples have a value a column.
type rowChange struct {
	relation uint32
	kind     byte // I, U or D
	// old is the row before: 'O' whole, 'K' what tells it alone, 0 where it was not
	// sent.
	oldKind byte
	old     tuple
	after   tuple
}

// A truncation is of tables.
type truncation struct{ relations []uint32 }

// A tuple is the values of a row.
type tuple []datum

// A datum is one value: null, unchanged (and not sent), or a text.
type datum struct {
	kind byte // 'n', 'u' or 't'
	text []byte
}

var errCutShort = errors.New("the server's message ends too early")

// A messageReader reads the parts of a message. Behind the end it gives zeros, and
// err says so.
type messageReader struct {
	rest []byte
	err  error
}

func (r *messageReader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.err, r.rest = errCutShort, nil
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *messageReader) uint8() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *messageReader) uint16() int {
	if b := r.take(2); b != nil {
		return int(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (r *messageReader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *messageReader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// text is a text that a zero byte ends.
func (r *messageReader) text() string {
	i := bytes.IndexByte(r.rest, 0)
	if i < 0 {
		r.err, r.rest = errCutShort, nil
		return ""
	}
	return string(r.take(i + 1)[:i])
}

// decodeMessage reads a message; into is the change that a message of that kind
// fills, so that its memory is used again. nil without an error is a message of a
// kind that says nothing here (types, origins, messages of programs).
func decodeMessage(data []byte, into *rowChange) (any, error) {
	r := &messageReader{rest: data}
	var m any
	switch kind := r.uint8(); kind {
	case 'B':
		m = &begin{lsn(r.uint64()), int64(r.uint64()), r.uint32()}
	case 'C':
		r.take(1 + 8) // flags, the commit's own place
		m = &commit{lsn(r.uint64())}
	case 'R':
		m = r.relation()
	case 'I', 'U', 'D':
		if err := r.change(kind, into); err != nil {
			return nil, err
		}
		m = into
	case 'T':
		n := r.uint32()
		r.take(1)
		t := &truncation{}
		for range n {
			if t.relations = append(t.relations, r.uint32()); r.err != nil {
				break
			}
		}
		m = t
	case 'Y', 'O', 'M':
		return nil, nil //nolint:nilnil // as documented
	default:
		if r.err == nil {
			return nil, fmt.Errorf("the server sends a message of a kind that is not known: %q", kind)
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return m, nil
}

func (r *messageReader) relation() *relation {
	m := &relation{id: r.uint32(), namespace: r.text(), name: r.text(), identity: r.uint8()}
	for range r.uint16() {
		flags := r.uint8()
		c := relationColumn{name: r.text(), oid: r.uint32(), key: flags&1 != 0}
		r.take(4) // the type's modifier
		if r.err != nil {
			break
		}
		m.columns = append(m.columns, c)
	}
	return m
}

func (r *messageReader) change(kind byte, m *rowChange) error {
	m.relation, m.kind, m.oldKind = r.uint32(), kind, 0
	m.old, m.after = m.old[:0], m.after[:0]
	part := r.uint8()
	if part == 'K' || part == 'O' {
		m.oldKind = part
		m.old = r.tuple(m.old)
		if kind != 'D' {
			part = r.uint8()
		}
	}
	switch {
	case r.err != nil:
		return r.err
	case kind == 'D':
		if m.oldKind == 0 {
			return fmt.Errorf("the server sends a delete with the part %q", part)
		}
	case part == 'N':
		m.after = r.tuple(m.after)
	default:
		return fmt.Errorf("the server sends a row with the part %q", part)
	}
	return r.err
}

func (r *messageReader) tuple(t tuple) tuple {
	for range r.uint16() {
		d := datum{kind: r.uint8()}
		switch d.kind {
		case 'n', 'u':
		case 't':
			d.text = r.take(int(int32(r.uint32())))
		default:
			if r.err == nil {
				r.err = fmt.Errorf("the server sends a value of a kind that is not known: %q", d.kind)
			}
		}
		if r.err != nil {
			break
		}
		t = append(t, d)
	}
	return t
}
