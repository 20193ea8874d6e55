package table

// Kept are the records that a sink has written since its last commit. A database
// that goes away takes its open transaction with it, and the engine has let go of
// the records: they are written once more from here.
type Kept struct {
	data []byte
	ends []int
	// tables are where the records belong, of a sink with many.
	tables []string
}

// Add keeps a copy of a record.
func (k *Kept) Add(record []byte) {
	k.data = append(k.data, record...)
	k.ends = append(k.ends, len(k.data))
}

// AddTo keeps a copy of a record of one of many tables.
func (k *Kept) AddTo(table string, record []byte) {
	if n := len(k.tables); n > 0 && k.tables[n-1] == table {
		table = k.tables[n-1] // one text for a run of them
	}
	k.tables = append(k.tables, table)
	k.Add(record)
}

// Table is where one of the records belongs; "" where there is one table for all.
func (k *Kept) Table(i int) string {
	if len(k.tables) == 0 {
		return ""
	}
	return k.tables[i]
}

// Len is the number of records, Bytes their size.
func (k *Kept) Len() int { return len(k.ends) }

// Bytes is the size of all records.
func (k *Kept) Bytes() int { return len(k.data) }

// At is one of them.
func (k *Kept) At(i int) []byte {
	from := 0
	if i > 0 {
		from = k.ends[i-1]
	}
	return k.data[from:k.ends[i]]
}

// Clear forgets all of them. What many large ones needed is given back.
func (k *Kept) Clear() {
	if cap(k.data) > 2*KeepBytes {
		k.data = nil
	}
	clear(k.tables)
	k.tables = k.tables[:0]
	k.data, k.ends = k.data[:0], k.ends[:0]
}

// KeepBytes is how much a sink keeps before it commits without being asked to.
const KeepBytes = 8 << 20
