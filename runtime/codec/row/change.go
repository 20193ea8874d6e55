package row

// A Change is what became of a row, as sinks of tables that apply changes get it.
// Its parts are views of the record.
type Change struct {
	// Op is read, insert, update, delete or truncate; the record says so, and may
	// say anything.
	Op string
	// Before and After are the values of the row's columns one behind the other;
	// nil where the record does not have them.
	Before, After []byte
	// unchanged are the names of columns of After whose values are not known,
	// because they stayed what they were.
	unchanged []byte
	count     int64
}

// AppendChange begins a change. What follows is the row before and the row after,
// each as null, or as [AppendRow] and its values.
func AppendChange(dst []byte, op string, unchanged []string) []byte {
	dst = AppendInt(AppendText(dst, op), int64(len(unchanged)))
	for _, name := range unchanged {
		dst = AppendText(dst, name)
	}
	return dst
}

// AppendRow begins a row that is there.
func AppendRow(dst []byte) []byte { return AppendBool(dst, true) }

// ReadChange reads a change of rows with a number of columns, which AppendChange
// began.
func ReadChange(record []byte, columns int) Change {
	var c Change
	v, record := Next(record)
	c.Op = string(v.Bytes)
	v, record = Next(record)
	c.count, c.unchanged = v.Num, record
	for range v.Num {
		_, record = Next(record)
	}
	c.Before, record = readRow(record, columns)
	c.After, _ = readRow(record, columns)
	return c
}

// readRow is a row, nil for none, and what stands behind it.
func readRow(record []byte, columns int) (row, rest []byte) {
	v, rest := Next(record)
	if v.Kind == Null {
		return nil, rest
	}
	row = rest
	for range columns {
		_, rest = Next(rest)
	}
	return row[: len(row)-len(rest) : len(row)-len(rest)], rest
}

// HasUnchanged tells whether values of After are not known.
func (c *Change) HasUnchanged() bool { return c.count > 0 }

// Unchanged tells whether the value of a column of After is not known.
func (c *Change) Unchanged(column string) bool {
	rest := c.unchanged
	for range c.count {
		var v Value
		if v, rest = Next(rest); string(v.Bytes) == column {
			return true
		}
	}
	return false
}

// ChangeInput is Input for a sink that applies changes: columns are those of the
// rows.
func ChangeInput(columns ...string) func(record []byte) []byte {
	shapes := make([]Shape, len(columns))
	for i, name := range columns {
		shapes[i].Name = name
	}
	quoteNames(shapes)
	return func(record []byte) []byte { return appendChange(nil, record, shapes) }
}

// appendChange appends a change as a JSON object.
func appendChange(dst, record []byte, columns []Shape) []byte {
	c := ReadChange(record, len(columns))
	dst = appendValue(append(dst, `{"op":`...), Value{Kind: Text, Bytes: []byte(c.Op)})
	if c.Before != nil {
		dst, _ = appendFields(append(dst, `,"before":`...), c.Before, columns)
	}
	if c.After != nil {
		dst, _ = appendFields(append(dst, `,"after":`...), c.After, columns)
	}
	rest := c.unchanged
	for i := range c.count {
		var v Value
		v, rest = Next(rest)
		open := `,`
		if i == 0 {
			open = `,"unchanged":[`
		}
		dst = appendValue(append(dst, open...), v)
	}
	if c.count > 0 {
		dst = append(dst, ']')
	}
	return append(dst, '}')
}
