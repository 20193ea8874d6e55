package postgres

import (
	"encoding/binary"
	"fmt"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect/table"
)

// A packet is records whose values are the texts that the server reads.
type packet struct {
	columns []column
	texts   []byte
	// cells are the values, record by record.
	cells []cell
	count int
	// keys are the columns of the key, and changes what records do, where they are
	// changes of rows.
	keys    []int
	changes []change
	key     []cell // of one record
	// failed are the records that have a value which its column can't hold; they
	// are not sent.
	failed map[int]error
}

// A cell is a value's place in texts; null has an end of -1.
type cell struct{ start, end int }

func (p *packet) reset(columns []column) {
	p.columns, p.texts, p.cells, p.changes, p.count, p.failed = columns, p.texts[:0], p.cells[:0], p.changes[:0], 0, nil
	if cap(p.texts) > 4*table.KeepBytes {
		p.texts = nil
	}
}

// add adds a record.
func (p *packet) add(record []byte) {
	p.addRow(record)
	p.count++
}

// addRow adds the cells of a row; one that is not there has nulls.
func (p *packet) addRow(record []byte) {
	for i := range p.columns {
		c := &p.columns[i]
		var v row.Value
		if record != nil {
			v, record = row.Next(record)
		}
		p.cells = append(p.cells, p.addValue(c, v))
	}
}

// addValue adds the text of a value of the record at hand.
func (p *packet) addValue(c *column, v row.Value) cell {
	if v.Kind == row.Null {
		return cell{0, -1}
	}
	start := len(p.texts)
	var err error
	if p.texts, err = c.appendText(p.texts, v); err != nil && p.failed[p.count] == nil {
		p.fail(p.count, &table.RowError{Name: "value", Err: fmt.Errorf("%s: %w", c.name, err)})
	}
	return cell{start, len(p.texts)}
}

func (p *packet) fail(i int, err error) {
	if p.failed == nil {
		p.failed = map[int]error{}
	}
	p.failed[i] = err
}

// record are the values of one.
func (p *packet) record(i int) []cell {
	n := len(p.columns)
	return p.cells[i*n : (i+1)*n]
}

// keyOf are the cells of a record's key.
func (p *packet) keyOf(i int) []cell {
	p.key = p.key[:0]
	cells := p.record(i)
	for _, k := range p.keys {
		p.key = append(p.key, cells[k])
	}
	return p.key
}

// sent are the records of a range that have not failed.
func (p *packet) sent(dst []int, from, to int) []int {
	dst = dst[:0]
	for i := from; i < to; i++ {
		if p.failed[i] == nil {
			dst = append(dst, i)
		}
	}
	return dst
}

// appendCopy appends records as COPY reads them: a line each, values apart by
// tabs.
func (p *packet) appendCopy(dst []byte, records []int) []byte {
	for _, i := range records {
		for j, c := range p.record(i) {
			if j > 0 {
				dst = append(dst, '\t')
			}
			if c.end < 0 {
				dst = append(dst, `\N`...)
				continue
			}
			dst = appendEscaped(dst, p.texts[c.start:c.end])
		}
		dst = append(dst, '\n')
	}
	return dst
}

// escapes are the bytes that mean something to COPY.
var escapes = [256]byte{'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v', '\\': '\\'}

func appendEscaped(dst, text []byte) []byte {
	done := 0
	for i, b := range text {
		if e := escapes[b]; e != 0 {
			dst = append(append(dst, text[done:i]...), '\\', e)
			done = i + 1
		}
	}
	return append(dst, text[done:]...)
}

// arrays are records as parameters: an array of texts for each column, in the
// server's binary form.
func (p *packet) arrays(records []int) [][]byte {
	out := make([][]byte, len(p.columns))
	cells := make([]cell, len(records))
	for j := range p.columns {
		for n, i := range records {
			cells[n] = p.record(i)[j]
		}
		out[j] = p.array(cells)
	}
	return out
}

// array is values as one parameter: an array of texts.
func (p *packet) array(cells []cell) []byte {
	const textType = 25
	size := 20
	for _, c := range cells {
		size += 4 + max(0, c.end-c.start)
	}
	b := make([]byte, 0, size)
	for _, n := range [...]uint32{1, 1, textType, uint32(len(cells)), 1} { // dimensions, nulls, type, length, first index
		b = binary.BigEndian.AppendUint32(b, n)
	}
	for _, c := range cells {
		if c.end < 0 {
			b = binary.BigEndian.AppendUint32(b, ^uint32(0))
			continue
		}
		b = binary.BigEndian.AppendUint32(b, uint32(c.end-c.start))
		b = append(b, p.texts[c.start:c.end]...)
	}
	return b
}

// last leaves of the records with one key the last one: a statement can't write a
// row twice. keys are the indexes of the key's columns.
func (p *packet) last(records, keys []int, seen map[string]bool) []int {
	clear(seen)
	var key []byte
	kept := len(records)
	for n := len(records) - 1; n >= 0; n-- {
		cells := p.record(records[n])
		key = key[:0]
		for _, k := range keys {
			c := cells[k]
			key = binary.AppendUvarint(key, uint64(c.end-c.start))
			key = append(key, p.texts[c.start:max(c.start, c.end)]...)
		}
		if !seen[string(key)] {
			seen[string(key)] = true
			kept--
			records[kept] = records[n]
		}
	}
	return records[kept:]
}
