package parquet

import (
	"encoding/binary"
	"fmt"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// maxGroups is how many row groups a file can have: their numbers have 16 bits.
const maxGroups = 1<<15 - 1

// describe puts what the end of a file says of a row group behind one another, a
// length before each: the group, its column indexes, its offset indexes. All
// indexes of a file stand together before its footer, where readers want them.
func (w *Writer) describe(group *format.RowGroup, columns [][]byte, offsets []format.OffsetIndex) (meta []byte, err error) {
	add := func(part []byte) {
		meta = append(binary.LittleEndian.AppendUint32(meta, uint32(len(part))), part...)
	}
	encode := func(v any) {
		part, merr := thrift.Marshal(&w.protocol, v)
		if err == nil {
			err = merr
		}
		add(part)
	}
	encode(group)
	for _, index := range columns {
		add(index)
	}
	for i := range offsets {
		encode(&offsets[i])
	}
	return meta, err
}

// A described group is one whose description was taken apart.
type described struct {
	group            format.RowGroup
	columns, offsets [][]byte
}

// parts takes a description apart.
func (w *Writer) parts(meta []byte) (d described, err error) {
	next := func() []byte {
		if len(meta) < 4 || uint64(len(meta)-4) < uint64(binary.LittleEndian.Uint32(meta)) {
			err = errTorn
			return nil
		}
		part := meta[4 : 4+binary.LittleEndian.Uint32(meta)]
		meta = meta[4+len(part):]
		return part
	}
	group := next()
	for range w.shred.leaves {
		d.columns = append(d.columns, next())
	}
	for range w.shred.leaves {
		d.offsets = append(d.offsets, next())
	}
	if err != nil || len(meta) > 0 {
		return d, errTorn
	}
	if err := thrift.Unmarshal(&w.protocol, group, &d.group); err != nil || len(d.group.Columns) != len(w.shred.leaves) {
		return d, errTorn
	}
	return d, nil
}

// Footer is what ends a file: the indexes of all row groups, and the footer.
func (w *Writer) Footer(groups []connect.ParquetGroup, at int64) ([]byte, error) {
	if len(groups) > maxGroups {
		return nil, fmt.Errorf("a Parquet file has %d row groups at most: choose a larger `row_group`, or `rotate`", maxGroups)
	}
	meta := format.FileMetaData{Version: 2, Schema: w.schema, ColumnOrders: w.orders, CreatedBy: "flowc", RowGroups: make([]format.RowGroup, len(groups))}
	all := make([]described, len(groups))
	var out []byte
	for i, g := range groups {
		d, err := w.parts(g.Meta)
		if err != nil {
			return nil, err
		}
		for j, index := range d.columns {
			c := &d.group.Columns[j]
			c.ColumnIndexOffset, c.ColumnIndexLength = at+int64(len(out)), int32(len(index))
			out = append(out, index...)
		}
		d.group.Ordinal = int16(i)
		meta.NumRows += g.Rows
		all[i] = d
	}
	for i, d := range all {
		for j, index := range d.offsets {
			c := &d.group.Columns[j]
			c.OffsetIndexOffset, c.OffsetIndexLength = at+int64(len(out)), int32(len(index))
			out = append(out, index...)
		}
		meta.RowGroups[i] = d.group
	}
	b, err := thrift.Marshal(&w.protocol, &meta)
	if err != nil {
		return nil, err
	}
	out = binary.LittleEndian.AppendUint32(append(out, b...), uint32(len(b)))
	return append(out, connect.ParquetMagic...), nil
}
