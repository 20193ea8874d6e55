package postgres

import (
	"sort"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// notes are beside a batch: of which transaction each of its records is.
type notes struct {
	table string
	list  []note
}

// A note is where a record begins in the batch, its transaction, and its number in
// that.
type note struct {
	start int
	tx    *transaction
	n     int64
}

// notesOf are a batch's, empty.
func notesOf(b *flow.Batch) *notes {
	n, ok := b.Aux.(*notes)
	if !ok {
		n = &notes{}
		b.Aux = n
	}
	n.list = n.list[:0]
	return n
}

func (n *notes) add(start int, tx *transaction, number int64) {
	n.list = append(n.list, note{start, tx, number})
}

// at is the note of a record; nil for none.
func (n *notes) at(r flow.Record) *note {
	i := sort.Search(len(n.list), func(i int) bool { return n.list[i].start > r.Start })
	if i == 0 {
		return nil
	}
	return &n.list[i-1]
}

// At fills the meta of a record.
func (m *Meta) At(b *flow.Batch, r flow.Record) {
	*m = Meta{}
	beside, ok := b.Aux.(*notes)
	if !ok {
		return
	}
	if n := beside.at(r); n != nil {
		*m = Meta{LSN: n.tx.commit.String(), Time: n.tx.time, XID: int64(n.tx.xid), Table: beside.table}
	}
}

// A place is where a change stands in the server's log, for dead letters: N counts
// the changes of a transaction. A row that was there at first has its place in the
// table instead.
type place struct {
	LSN string `json:"lsn"`
	XID uint32 `json:"xid,omitempty"`
	N   int64  `json:"n,omitempty"`
	Row string `json:"row,omitempty"`
	// Leaf is the number of the partition, or table, that has the row.
	Leaf uint32 `json:"leaf,omitempty"`
}

func placeOf(b *flow.Batch, r flow.Record) any {
	if beside, ok := b.Aux.(*notes); ok {
		if n := beside.at(r); n != nil {
			if l := n.tx.leaf; l != nil {
				return place{LSN: n.tx.commit.String(), Row: rowText(n.n), Leaf: l.oid}
			}
			return place{LSN: n.tx.commit.String(), XID: n.tx.xid, N: n.n}
		}
	}
	return nil
}
