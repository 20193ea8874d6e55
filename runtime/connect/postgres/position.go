package postgres

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A position is how far the changes of a table were read. It is JSON in
// checkpoints.
type position struct {
	// Table is the table's number on the server, so that another one of the same
	// name is told from it.
	Table uint32 `json:"table"`
	// LSN is a place in the log: with N 0 everything before it was read; else it is
	// where the commit of a transaction stands of which N changes were.
	LSN string `json:"lsn"`
	N   int64  `json:"n,omitempty"`
	// Snapshot is what the table held when reading it began; transactions that it
	// shows are not read once more. It is gone when all of them lie behind.
	Snapshot *snapshotState `json:"snapshot,omitempty"`

	lsn lsn
}

// A snapshotState is how far the rows were read that were there at first.
type snapshotState struct {
	// Shows is which transactions the snapshot shows (pg_current_snapshot), and End
	// where the log was when it was taken.
	Shows string `json:"shows"`
	End   string `json:"end"`
	// Leaf, File and Row are the part of the table that was read last (partitions
	// are such), the file that it is in, and the place of the last row in it. All
	// of them are zero where nothing was read.
	Leaf uint32 `json:"leaf,omitempty"`
	File uint32 `json:"file,omitempty"`
	Row  string `json:"row,omitempty"`
	// Done tells that all rows were read.
	Done bool `json:"done,omitempty"`
}

// at is a position in the log.
func at(table uint32, l lsn, n int64, s *snapshotState) *position {
	return &position{Table: table, LSN: l.String(), N: n, Snapshot: s, lsn: l}
}

func parsePosition(raw json.RawMessage) (*position, error) {
	var p position
	err := json.Unmarshal(raw, &p)
	if err == nil {
		p.lsn, err = parseLSN(p.LSN)
	}
	if err == nil && p.Snapshot != nil {
		if _, err = parseVisibility(p.Snapshot.Shows); err == nil {
			_, err = parseLSN(p.Snapshot.End)
		}
	}
	if err != nil || p.N < 0 {
		return nil, fmt.Errorf("the position of an earlier run is none of changes: %s", raw)
	}
	return &p, nil
}

// A visibility is which transactions a snapshot shows: those before xmax that are
// not among open.
type visibility struct {
	xmax uint64
	open map[uint32]bool
}

// parseVisibility reads what pg_current_snapshot says: xmin:xmax:xid,xid…
func parseVisibility(text string) (*visibility, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return nil, errors.New("no snapshot")
	}
	xmax, err := strconv.ParseUint(parts[1], 10, 64)
	if err != nil {
		return nil, err
	}
	v := &visibility{xmax, map[uint32]bool{}}
	for _, x := range strings.FieldsFunc(parts[2], func(r rune) bool { return r == ',' }) {
		n, err := strconv.ParseUint(x, 10, 64)
		if err != nil {
			return nil, err
		}
		v.open[uint32(n)] = true
	}
	return v, nil
}

// shows tells whether a transaction that was committed not long before or after is
// in the snapshot.
func (v *visibility) shows(xid uint32) bool {
	return int32(xid-uint32(v.xmax)) < 0 && !v.open[xid]
}
