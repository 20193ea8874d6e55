package flowtest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
)

// A Record is one that a producer sends.
type Record struct {
	// ID is its identity: no two records have the same one, and a sink or dead
	// letter tells which record it holds by it.
	ID string
	// Key is what order is kept by: records of one key stay in the order in which
	// they were first sent. "" is a key as well.
	Key string
	// Data are its bytes.
	Data []byte
}

// A Ledger is what a producer was promised. It may be used from several
// goroutines; those that send records of the same key agree on their order before.
type Ledger struct {
	mu      sync.Mutex
	entries []*entry // in the order in which they were first sent
	byID    map[string]*entry
	ofKey   map[string]int // how many records a key has
}

// An entry is what is known of a record.
type entry struct {
	Record
	order    int // among those of its key, from 0
	attempts int
	accepted bool
}

// NewLedger returns an empty ledger.
func NewLedger() *Ledger {
	return &Ledger{byID: map[string]*entry{}, ofKey: map[string]int{}}
}

// Send notes that a record is about to be sent: from now on it may be found, and
// need not be. One that is sent again, because nobody answered, may be found once
// more. It is an error when a record has no ID, or another record has it.
func (l *Ledger) Send(r Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.ID == "" {
		return errors.New("a record has no ID, so nobody could tell where it went")
	}
	e := l.byID[r.ID]
	if e == nil {
		e = &entry{Record: r, order: l.ofKey[r.Key]}
		e.Data = bytes.Clone(r.Data)
		l.byID[r.ID] = e
		l.entries = append(l.entries, e)
		l.ofKey[r.Key]++
	}
	if e.Key != r.Key || !bytes.Equal(e.Data, r.Data) {
		return fmt.Errorf("two different records have the ID %q", r.ID)
	}
	e.attempts++
	return nil
}

// Accept notes that a record that was sent has been accepted: it must be found.
func (l *Ledger) Accept(id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.byID[id]
	if e == nil {
		return fmt.Errorf("the record %q was accepted, and nobody has sent it", id)
	}
	e.accepted = true
	return nil
}

// Promise is Send and Accept for input that is safe by itself: a file that is
// there, rows that are committed.
func (l *Ledger) Promise(records ...Record) error {
	for _, r := range records {
		if err := l.Send(r); err != nil {
			return err
		}
		if err := l.Accept(r.ID); err != nil {
			return err
		}
	}
	return nil
}

// Counts are how many records were sent, and how many of those were accepted.
func (l *Ledger) Counts() (sent, accepted int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if e.accepted {
			accepted++
		}
	}
	return len(l.entries), accepted
}
